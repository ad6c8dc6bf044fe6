#pragma once

#include <span>
#include <string>

#include "data/builtin/generator.h"

namespace heddle {

/// Sentences (data/builtin/sentence.h) and whether they are friendly, ½ each, so that every two
/// samples hold one of both: sentiment from words alone, without doubt. Modality "text" (tokens,
/// the words of the sets "sentiment" and "reading"); classes "negative", "positive". Errors
/// (InputError): as make_builtin.
BuiltinData make_judgement(const BuiltinOptions& options);

/// "text": 1; nothing: ½.
double best_possible_judgement(std::span<const std::string> modalities);

}  // namespace heddle
