#pragma once

#include <cstdint>

#include "core/dtype.h"
#include "models/model.h"

namespace heddle {

// What a model must not see is taken out of its inputs on the host, before they are sent to a
// device: there the numbers can be read, checked and complained about without waiting. Tensors that
// are on a device already are fetched first.

/// One input of single samples, on the host. Errors: values, lengths or present do not fit the spec
/// or each other; a token outside the vocabulary.
CleanInput clean_input(const InputSpec& spec, const ModelInput& input, DType dtype);

/// One input of groups: features [U, B, F], present [B] or [U, B], group_lengths [B] or undefined.
/// Errors: the same; a spec that is not of kind features.
CleanInput clean_group_input(const InputSpec& spec, const ModelInput& input,
                             const Tensor& group_lengths, DType dtype);

/// encoded [.., B, width] with `missing` [width] (undefined: zeros) put where `present` (bool [B],
/// or encoded's leading shape) is false.
Variable replace_missing(const Variable& encoded, const Tensor& present, const Variable& missing);

}  // namespace heddle
