#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/builtin/generator.h"

namespace heddle {

/// A picture and a record with gaps, a twin of diagnosis from an image and laboratory values:
///   a   the picture is bright above (+1) or below (−1); ½ each
///   c   the picture has a mark in a corner; probability ½
///   b   the record's first number is high (+1) or low (−1); ½ each
///   g   there is no record; probability ¼
/// The label is b where there is a mark, else a. All are independent, and every block of 32 samples
/// holds each combination exactly as often as its probability says. Modalities "image" ([1, 12,
/// 12]) and "record" (4 numbers, of which the last three mean nothing); classes "well", "ill".
/// Errors (InputError): as make_builtin.
BuiltinData make_record(const BuiltinOptions& options);

/// "image" alone: ¾; "record" alone: 11/16; both: 15/16; neither: ½.
double best_possible_record(std::span<const std::string> modalities);

}  // namespace heddle
