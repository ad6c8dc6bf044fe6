#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/builtin/generator.h"

namespace heddle {

/// A sentence and a question about it, a twin of question answering whose words mean what those of
/// the set "sentiment" mean (data/builtin/sentence.h): what one task learns of them serves the
/// other.
///   p   the sentence is friendly (+1) or not (−1); ½ each
///   q   the question asks for pleasure (+1) or for displeasure (−1); ½ each
/// The answer is yes where p·q = +1. Every block of 4 samples holds each combination once.
/// Modalities "text" (tokens, the words of "sentiment") and "question" (tokens); classes "no",
/// "yes". Errors (InputError): as make_builtin.
BuiltinData make_reading(const BuiltinOptions& options);

/// Both: 1; one of them, or neither: ½.
double best_possible_reading(std::span<const std::string> modalities);

}  // namespace heddle
