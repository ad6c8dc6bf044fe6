#pragma once

#include <cstdint>

#include "core/dtype.h"
#include "models/model.h"

namespace heddle {

/// A ModelInput in which nothing that must not be seen is left.
struct CleanInput {
  /// As in ModelInput, floating values converted to the model's type. Padding, and samples that
  /// lack the modality, are 0 (token 0): not a number there cannot reach a gradient either.
  Tensor values;
  /// i64 [B], 1 … T, and 1 for samples that lack the modality; undefined: all T.
  Tensor lengths;
  /// bool [B] (groups: [U, B]); undefined: all present. A sequence of length 0 is not present.
  Tensor present;
};

/// One input of single samples. Errors: values, lengths or present do not fit the spec or each
/// other.
CleanInput clean_input(const InputSpec& spec, const ModelInput& input, DType dtype);

/// One input of groups: features [U, B, F], present [B] or [U, B], group_lengths [B] or undefined.
/// Errors: the same; a spec that is not of kind features.
CleanInput clean_group_input(const InputSpec& spec, const ModelInput& input,
                             const Tensor& group_lengths, DType dtype);

/// encoded [.., B, width] with `missing` [width] (undefined: zeros) put where `present` (bool [B],
/// or encoded's leading shape) is false.
Variable replace_missing(const Variable& encoded, const Tensor& present, const Variable& missing);

}  // namespace heddle
