#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/builtin/generator.h"

namespace heddle {

/// A question about a picture whose answer needs both: the picture shows a shape (circle, square,
/// cross) of a colour (red, green, blue), the question asks for one of the two in one of several
/// ways. All three are independent, and every block of 18 samples holds each combination once.
/// Modalities "question" (tokens) and "image" ([3, 16, 16]); six classes, the answers.
/// Errors (InputError): as make_builtin.
BuiltinData make_answering(const BuiltinOptions& options);

/// "question" alone: ⅓ (one of three answers of the kind it asks for); "image" alone: ½ (it is not
/// known which is asked for); both: 1; neither: 1/6.
double best_possible_answering(std::span<const std::string> modalities);

}  // namespace heddle
