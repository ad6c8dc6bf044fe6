#pragma once

#include <nlohmann/json.hpp>

#include "apps/loaded_run.h"
#include "apps/question.h"
#include "models/model.h"

namespace heddle {

/// What the model says of a question. Records nothing on a tape.
ModelOutput asked(LoadedRun& run, const Question& question);

/// {"class", "probabilities": {name: share}, "score", "attention": {"modalities": {name: weight},
/// "words": [[word, weight], …]}} of one sample of an answer; what the model does not say is left
/// out.
nlohmann::json answer_json(const LoadedRun& run, const ModelOutput& output,
                           const Question& question, std::int64_t row);

}  // namespace heddle
