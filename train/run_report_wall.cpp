#include <algorithm>
#include <cmath>
#include <numeric>

#include "report/text.h"
#include "train/run_report.h"
#include "train/sample_pictures.h"

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

/// The modality whose steps have attention over time; null where there is none.
const Modality* attended(const FinishedRun& run) {
  const std::optional<std::size_t>& input = run.evaluation.test.time_input;
  return input ? &run.data.dataset.modality(run.modalities.at(*input)) : nullptr;
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
  if (const Modality* image = find(dataset, ModalityKind::image);
      image != nullptr && image->has(sample)) {
    result.image = image_of(*image, sample);
  }
  if (const Modality* sound = find(dataset, ModalityKind::sequence);
      sound != nullptr && sound->has(sample)) {
    result.spectrogram = spectrogram_of(*sound, sample, run.config.data);
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
  if (test.predicted.empty() && row < test.scores.size()) {
    result.truth = -1;  // it says no class
    result.facts = {{"predicted score", report::format_number(test.scores[row], 3)}};
    if (row < test.targets.size()) {
      result.facts.push_back({"true score", report::format_number(test.targets[row], 3)});
    }
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
    return text->texts[static_cast<std::size_t>(text->row_of(sample))];
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
