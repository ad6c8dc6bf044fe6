#pragma once

#include <cstdint>

#include "autograd/variable.h"

namespace heddle {

// Steps [T, B, width] of which sample b has lengths[b] (i64 [B], at least 1; undefined: all T).

/// The states with 0 beyond each length.
Variable zero_beyond(const Variable& states, const Tensor& lengths);
/// Mean over each sample's own steps → [B, width].
Variable mean_over_steps(const Variable& states, const Tensor& lengths);

}  // namespace heddle
