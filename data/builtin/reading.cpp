#include "data/builtin/reading.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "core/parallel.h"
#include "data/builtin/samples.h"
#include "data/builtin/sentence.h"

namespace heddle {
namespace {

constexpr std::int64_t combinations = 4;

constexpr Questions questions = {{
    {"what does the speaker think of it", "how was it judged", "are these kind words",
     "did it please them"},
    {"what was it about", "which thing is meant", "was it told or shown", "what did they speak of"},
}};
constexpr std::array<std::string_view, 5> told = {"story", "ending", "plot", "book", "music"};
constexpr std::array<const char*, 4> answers = {"blame", "praise", "shown", "told"};

bool speaks_of_what_is_told(const std::string& sentence) {
  const std::vector<std::string> words = words_in(sentence);
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return std::find(told.begin(), told.end(), word) != told.end();
  });
}

}  // namespace

BuiltinData make_reading(const BuiltinOptions& options) {
  check_options(options);
  const std::int64_t samples = options.train + options.valid + options.test;
  const auto count = static_cast<std::size_t>(samples);
  std::vector<std::string> sentences(count);
  std::vector<std::string> asked(count);
  std::vector<std::int64_t> labels(count);
  parallel_ranges(samples, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      Generator cues = builtin_stream("reading", "cues", options.seed, i / combinations);
      const auto card = static_cast<std::size_t>(
          cues.permutation(combinations)[static_cast<std::size_t>(i % combinations)]);
      const bool is_friendly = card % 2 == 1;
      const std::size_t kind = card / 2;
      Generator words = builtin_stream("reading", "words", options.seed, i);
      const auto place = static_cast<std::size_t>(i);
      sentences[place] = make_sentence(is_friendly ? 1 : -1, words);
      asked[place] = std::string(questions[kind][words.below(questions[kind].size())]);
      labels[place] =
          kind == 0 ? (is_friendly ? 1 : 0) : (speaks_of_what_is_told(sentences[place]) ? 3 : 2);
    }
  });
  BuiltinData data;
  data.dataset.name = "built-in reading";
  data.dataset.samples = samples;
  data.dataset.modalities = {sentences_modality("text", sentence_words(), sentences),
                             sentences_modality("question", words_of(questions), asked)};
  data.dataset.labels = Tensor::from(std::span<const std::int64_t>(labels), {samples});
  data.dataset.class_names.assign(answers.begin(), answers.end());
  add_splits(data.dataset, options);
  data.dataset.validate();
  return data;
}

double best_possible_reading(std::span<const std::string> modalities) {
  const std::vector<bool> sees = seen_among(modalities, {"text", "question"});
  return (sees[0] ? 1.0 : 0.5) * (sees[1] ? 1.0 : 0.5);
}

}  // namespace heddle
