#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/builtin/generator.h"
#include "train/run_report.h"

namespace heddle {

namespace {

constexpr std::size_t first_samples = 18;
constexpr std::size_t wrong_samples = 6;
constexpr std::size_t shown_videos = 3;

const Modality* find(const Dataset& dataset, ModalityKind kind) {
  for (const Modality& modality : dataset.modalities) {
    if (modality.info.kind == kind) {
      return &modality;
    }
  }
  return nullptr;
}

/// Attention over time belongs to the first modality of words the model was fed, or of frames.
const Modality* attended(const FinishedRun& run) {
  const std::string& asked = run.config.model.time_modality;
  for (const ModalityKind kind : {ModalityKind::tokens, ModalityKind::sequence}) {
    for (const std::string& name : run.modalities) {
      const Modality& modality = run.data.dataset.modality(name);
      if (asked.empty() ? modality.info.kind == kind : modality.info.name == asked) {
        return &modality;
      }
    }
  }
  return nullptr;
}

std::vector<ReportWord> words_of(const FinishedRun& run, std::size_t row) {
  const Modality* text = find(run.data.dataset, ModalityKind::tokens);
  if (!run.config.task.source.empty()) {
    text = &run.data.dataset.modality(run.config.task.source);
  }
  std::vector<ReportWord> words;
  if (text == nullptr) {
    return words;
  }
  const Predictions& test = run.evaluation.test;
  for (const std::string& word : text->words(test.samples[row])) {
    words.push_back({word, std::nullopt});
  }
  if (attended(run) == text && row < test.time_weights.size()) {
    const std::vector<double>& weights = test.time_weights[row];
    for (std::size_t i = 0; i < words.size() && i < weights.size(); ++i) {
      words[i].weight = weights[i];
    }
  }
  return words;
}

/// Planes [channels, height, width] as 8-bit pixels; values in 0 … 1 are taken as they are, others
/// are stretched to that range.
std::optional<ReportImage> image_of(const Modality& modality, std::int64_t sample) {
  const std::int64_t channels = modality.info.shape[0];
  if (channels != 1 && channels != 3 && channels != 4) {
    return std::nullopt;
  }
  ReportImage image;
  image.channels = channels;
  image.height = modality.info.shape[1];
  image.width = modality.info.shape[2];
  std::vector<float> values = modality.sample(sample).to_vector<float>();
  const std::int64_t plane = image.height * image.width;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = modality.info.standardisation.raw(values[i], static_cast<std::int64_t>(i) / plane);
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  constexpr float slack = 1e-3f;
  const bool as_is = *low >= -slack && *high <= 1.0f + slack;
  const float from = as_is ? 0.0f : *low;
  const float scale = as_is ? 1.0f : *high - *low;
  image.pixels.resize(values.size());
  for (std::int64_t i = 0; i < plane; ++i) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const float value = (values[static_cast<std::size_t>(c * plane + i)] - from) / scale;
      image.pixels[static_cast<std::size_t>(i * channels + c)] =
          static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(value, 0.0f, 1.0f)));
    }
  }
  return image;
}

ReportSpectrogram spectrogram_of(const FinishedRun& run, const Modality& modality,
                                 std::int64_t sample) {
  ReportSpectrogram result;
  const Tensor frames = modality.sample(sample);
  result.frames = frames.size(0);
  result.bins = frames.size(1);
  result.values = frames.to_vector<float>();
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    result.values[i] = modality.info.standardisation.raw(
        result.values[i], static_cast<std::int64_t>(i) % result.bins);
  }
  if (run.config.data.kind == DataKind::builtin) {
    const LogMelOptions options = builtin_log_mel_options();
    result.seconds = static_cast<double>(builtin_waveform_samples) / builtin_sample_rate;
    result.lowest_hertz = options.low;
    result.highest_hertz = options.high;
  }
  return result;
}

std::vector<ReportFact> facts_of(const HiddenCues& cues) {
  return {{"words", cues.words > 0 ? "friendly" : "unfriendly"},
          {"mouth", cues.mouth > 0 ? "smile" : "frown"},
          {"pitch", cues.contour > 0 ? "rises" : "falls"},
          {"wink", cues.wink ? "yes: the words mean their opposite" : "no"}};
}

std::vector<ReportWeight> modality_weights_of(const FinishedRun& run, std::size_t row) {
  std::vector<ReportWeight> result;
  if (row < run.evaluation.test.modality_weights.size()) {
    const std::vector<double>& weights = run.evaluation.test.modality_weights[row];
    for (std::size_t m = 0; m < weights.size() && m < run.modalities.size(); ++m) {
      result.push_back({run.modalities[m], weights[m]});
    }
  }
  return result;
}

ReportSample sample_of(const FinishedRun& run, std::size_t row) {
  const Predictions& test = run.evaluation.test;
  const Dataset& dataset = run.data.dataset;
  const std::int64_t sample = test.samples[row];
  ReportSample result;
  result.id = "sample " + dataset.name_of_sample(sample);
  result.words = words_of(run, row);
  if (const Modality* image = find(dataset, ModalityKind::image)) {
    result.image = image_of(*image, sample);
  }
  if (const Modality* sound = find(dataset, ModalityKind::sequence)) {
    result.spectrogram = spectrogram_of(run, *sound, sample);
  }
  result.modality_weights = modality_weights_of(run, row);
  result.truth = test.labels[row];
  result.predicted = test.predicted.empty() ? -1 : test.predicted[row];
  if (!test.probabilities.empty()) {
    result.probabilities = test.probabilities[row];
  }
  if (row < test.generated.outputs.size()) {
    result.facts = {{"written", test.generated.outputs[row]},
                    {"reference", test.generated.references[row]}};
  }
  if (static_cast<std::size_t>(sample) < run.data.cues.size()) {
    result.facts = facts_of(run.data.cues[static_cast<std::size_t>(sample)]);
  }
  return result;
}

std::string text_of(const Dataset& dataset, std::int64_t sample) {
  const Modality* text = find(dataset, ModalityKind::tokens);
  if (text == nullptr) {
    return dataset.name_of_sample(sample);
  }
  if (!text->texts.empty()) {
    return text->texts[static_cast<std::size_t>(sample)];
  }
  std::string joined;
  for (const std::string& word : text->words(sample)) {
    joined += (joined.empty() ? "" : " ") + word;
  }
  return joined;
}

ReportUtterance utterance_of(const FinishedRun& run, std::size_t row) {
  const Predictions& test = run.evaluation.test;
  ReportUtterance result;
  result.text = text_of(run.data.dataset, test.samples[row]);
  result.truth = test.labels[row];
  result.predicted = test.predicted.empty() ? -1 : test.predicted[row];
  if (!test.probabilities.empty()) {
    result.probabilities = test.probabilities[row];
  }
  if (!test.targets.empty()) {
    result.score = test.targets[row];
  }
  if (!test.scores.empty()) {
    result.predicted_score = test.scores[row];
  }
  return result;
}

/// Whole groups, in the order they were evaluated.
void add_videos(ReportWall& wall, const FinishedRun& run) {
  std::size_t row = 0;
  for (const std::int64_t index : run.data.dataset.group_indices(Split::test)) {
    const SampleGroup& group = run.data.dataset.groups[static_cast<std::size_t>(index)];
    if (wall.videos.size() == shown_videos) {
      return;
    }
    ReportVideo& video = wall.videos.emplace_back();
    video.id = group.name;
    for (std::size_t i = 0; i < group.members.size(); ++i) {
      video.utterances.push_back(utterance_of(run, row++));
    }
  }
}

}  // namespace

ReportWall describe_wall(const FinishedRun& run) {
  ReportWall wall;
  wall.classes = run.data.dataset.class_names;
  const Predictions& test = run.evaluation.test;
  if (run.config.model.name == "contextual") {
    add_videos(wall, run);
    return wall;
  }
  std::size_t wrong = 0;
  for (std::size_t row = 0; row < test.samples.size(); ++row) {
    const bool is_wrong = !test.predicted.empty() && test.predicted[row] != test.labels[row];
    if (row < first_samples || (is_wrong && wrong < wrong_samples)) {
      wrong += row < first_samples ? 0 : 1;
      wall.samples.push_back(sample_of(run, row));
    }
  }
  return wall;
}

}  // namespace heddle
