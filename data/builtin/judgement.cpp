#include "data/builtin/judgement.h"

#include <cstddef>
#include <vector>

#include "data/builtin/samples.h"
#include "data/builtin/sentence.h"

namespace heddle {

BuiltinData make_judgement(const BuiltinOptions& options) {
  check_options(options);
  const std::int64_t samples = options.train + options.valid + options.test;
  std::vector<std::string> sentences;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < samples; ++i) {
    const bool first = builtin_stream("judgement", "cues", options.seed, i / 2).bernoulli(0.5);
    const bool is_friendly = first == (i % 2 == 0);
    Generator words = builtin_stream("judgement", "words", options.seed, i);
    sentences.push_back(make_sentence(is_friendly ? 1 : -1, words));
    labels.push_back(is_friendly ? 1 : 0);
  }
  BuiltinData data;
  data.dataset.name = "built-in judgement";
  data.dataset.samples = samples;
  data.dataset.modalities = {sentences_modality("text", sentence_words(), sentences)};
  data.dataset.labels = Tensor::from(std::span<const std::int64_t>(labels), {samples});
  data.dataset.class_names = {"negative", "positive"};
  add_splits(data.dataset, options);
  data.dataset.validate();
  return data;
}

double best_possible_judgement(std::span<const std::string> modalities) {
  return seen_among(modalities, {"text"})[0] ? 1.0 : 0.5;
}

}  // namespace heddle
