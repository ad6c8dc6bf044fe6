#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/loaded_run.h"
#include "apps/question.h"
#include "models/model.h"

namespace heddle {

struct WeighedWord {
  std::string word;
  double weight;
};

/// Attention over the words of a question of one sample; empty where the model attends to other
/// steps than words, or to none.
std::vector<WeighedWord> attention_over_words(const ModelOutput& output, const Question& question);

/// What the model says of a question. Records nothing on a tape.
ModelOutput asked(LoadedRun& run, const Question& question);

/// {"class", "probabilities": {name: share}, "score", "attention": {"modalities": {name: weight},
/// "words": [[word, weight], …]}} of one sample of an answer; what the model does not say is left
/// out.
nlohmann::json answer_json(const LoadedRun& run, const ModelOutput& output,
                           const Question& question, std::int64_t row);

}  // namespace heddle
