#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/builtin/generator.h"

namespace heddle {

/// A sentence and a question about it, a twin of question answering whose words mean what those of
/// the set "sentiment" mean (data/builtin/sentence.h): what one task learns of them serves the
/// other.
///   p   the sentence is friendly or not; ½ each
///   q   the question asks for its judgement, or for what it is about; ½ each
/// The answer is "praise" or "blame" by p, or "told" or "shown" by the sentence's noun (five of its
/// ten nouns are things that are told). Every block of 4 samples holds each p with each q once.
/// Modalities "text" (tokens, the words of "sentiment") and "question" (tokens). Errors
/// (InputError): as make_builtin.
BuiltinData make_reading(const BuiltinOptions& options);

/// Both: 1; one of them: ½ (of the question in expectation); neither: ¼.
double best_possible_reading(std::span<const std::string> modalities);

}  // namespace heddle
