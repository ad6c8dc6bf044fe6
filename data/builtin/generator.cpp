#include "data/builtin/generator.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "data/builtin/face.h"
#include "data/builtin/sentence.h"
#include "data/builtin/tone.h"

namespace heddle {
namespace {

constexpr std::int64_t most_samples = 10'000'000;
constexpr std::int64_t samples_per_tile = 64;
// Mean and deviation of the log-mel values over many samples (0.46 and 1.99), rounded, so that
// models see about (0, 1).
constexpr float log_mel_mean = 0.5f;
constexpr float log_mel_deviation = 2.0f;

/// Cues, words, picture and sound of a sample have a stream each, so that a change in one leaves
/// the others as they are.
enum class Part : std::uint64_t { cues, words, picture, sound, count };

Generator stream_of(std::uint64_t seed, std::int64_t index, Part part) {
  const std::uint64_t base = Generator(seed).named("built-in data").state().stream;
  return Generator(
      seed, base + static_cast<std::uint64_t>(index) * static_cast<std::uint64_t>(Part::count) +
                static_cast<std::uint64_t>(part));
}

/// Sentences of all samples as one modality.
Modality text_modality(const std::vector<std::string>& sentences) {
  auto vocabulary = std::make_shared<const Vocabulary>(sentence_words());
  Modality text;
  text.info = {.name = "text",
               .kind = ModalityKind::tokens,
               .shape = {},
               .vocabulary = vocabulary,
               .standardisation = {}};
  std::vector<std::int64_t> tokens;
  text.starts = {0};
  for (const std::string& sentence : sentences) {
    const std::vector<std::int64_t> numbers = vocabulary->encode(sentence);
    tokens.insert(tokens.end(), numbers.begin(), numbers.end());
    text.starts.push_back(static_cast<std::int64_t>(tokens.size()));
  }
  text.values = Tensor::from(std::span<const std::int64_t>(tokens),
                             {static_cast<std::int64_t>(tokens.size())});
  return text;
}

}  // namespace

LogMelOptions builtin_log_mel_options() {
  return {.sample_rate = static_cast<double>(builtin_sample_rate),
          .window = 256,
          .hop = 160,
          .bands = 24,
          .low = 60,
          .high = 4000,
          .floor = 1e-5};
}

void check_builtin_options(const BuiltinOptions& options) {
  for (const std::int64_t count : {options.train, options.valid, options.test}) {
    check<InputError>(count >= 0 && count <= most_samples, "built-in data: got ", count,
                      " samples, expected 0 … ", most_samples);
  }
  check<InputError>(options.train > 0, "built-in data: got no training sample");
  check<InputError>(options.train + options.valid + options.test <= most_samples,
                    "built-in data: got ", options.train + options.valid + options.test,
                    " samples in all, expected at most ", most_samples);
}

void add_builtin_splits(Dataset& dataset, const BuiltinOptions& options) {
  std::int64_t next = 0;
  const std::array<std::int64_t, 3> counts = {options.train, options.valid, options.test};
  for (const Split split : all_splits) {
    auto& indices = dataset.splits[static_cast<std::size_t>(split)];
    indices.resize(static_cast<std::size_t>(counts[static_cast<std::size_t>(split)]));
    std::iota(indices.begin(), indices.end(), next);
    next += static_cast<std::int64_t>(indices.size());
  }
}

BuiltinSample make_builtin_sample(std::uint64_t seed, std::int64_t index) {
  BuiltinSample sample;
  Generator block = stream_of(seed, index / cues_per_block, Part::cues);
  Generator words = stream_of(seed, index, Part::words);
  Generator picture = stream_of(seed, index, Part::picture);
  Generator sound = stream_of(seed, index, Part::sound);
  sample.cues = draw_cues(block)[static_cast<std::size_t>(index % cues_per_block)];
  sample.sentence = make_sentence(sample.cues.words, words);
  sample.picture = draw_face(sample.cues.mouth, sample.cues.wink, builtin_picture_side, picture);
  sample.waveform = make_tone(sample.cues.contour, builtin_waveform_samples,
                              static_cast<double>(builtin_sample_rate), sound);
  return sample;
}

BuiltinData make_builtin(const BuiltinOptions& options) {
  check_builtin_options(options);
  const std::int64_t samples = options.train + options.valid + options.test;
  const LogMel log_mel(builtin_log_mel_options());
  const std::int64_t frames = log_mel.frames(builtin_waveform_samples);
  const std::int64_t bands = log_mel.options().bands;
  const std::int64_t side = builtin_picture_side;

  Modality image;
  image.info = {.name = "image",
                .kind = ModalityKind::image,
                .shape = {3, side, side},
                .vocabulary = nullptr,
                .standardisation = {.mean = {0.5f}, .scale = {2.0f}}};
  image.values = Tensor::empty({samples, 3, side, side});
  Modality audio;
  audio.info = {.name = "audio",
                .kind = ModalityKind::sequence,
                .shape = {bands},
                .vocabulary = nullptr,
                .standardisation = {.mean = {log_mel_mean}, .scale = {1.0f / log_mel_deviation}}};
  audio.values = Tensor::empty({samples * frames, bands});
  for (std::int64_t i = 0; i <= samples; ++i) {
    audio.starts.push_back(i * frames);
  }

  BuiltinData data;
  data.cues.resize(static_cast<std::size_t>(samples));
  std::vector<std::string> sentences(static_cast<std::size_t>(samples));
  std::vector<std::int64_t> labels(static_cast<std::size_t>(samples));
  float* pixels = image.values.mutable_data<float>("make_builtin");
  float* mels = audio.values.mutable_data<float>("make_builtin");
  parallel_ranges(samples, samples_per_tile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      BuiltinSample sample = make_builtin_sample(options.seed, i);
      const auto at = static_cast<std::size_t>(i);
      data.cues[at] = sample.cues;
      labels[at] = label_of(sample.cues);
      sentences[at] = std::move(sample.sentence);
      const Standardisation& picture = image.info.standardisation;
      std::transform(sample.picture.begin(), sample.picture.end(), pixels + i * 3 * side * side,
                     [&](float raw) { return picture.stored(raw, 0); });
      const std::span<float> out(mels + i * frames * bands,
                                 static_cast<std::size_t>(frames * bands));
      log_mel.frames_of(sample.waveform, out);
      for (float& value : out) {
        value = audio.info.standardisation.stored(value, 0);
      }
    }
  });

  data.dataset.name = "built-in";
  data.dataset.samples = samples;
  data.dataset.modalities = {text_modality(sentences), std::move(image), std::move(audio)};
  data.dataset.labels = Tensor::from(std::span<const std::int64_t>(labels), {samples});
  data.dataset.class_names = {"negative", "positive"};
  add_builtin_splits(data.dataset, options);
  data.dataset.validate();
  return data;
}

}  // namespace heddle
