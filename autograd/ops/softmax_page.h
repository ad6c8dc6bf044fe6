#pragma once

#include "autograd/operation.h"

namespace heddle {

/// The values of softmax or log_softmax over x's last dimension, and what its backward needs. The
/// lengths are checked and contiguous.
Tensor softmax_values(const Tensor& x, const Tensor& lengths, bool logarithmic);
/// dx from the saved y. x's shape all.
Tensor softmax_slope(const Tensor& y, const Tensor& lengths, const Tensor& dy, bool logarithmic);
/// dy, with 0 beyond the lengths (which may be undefined).
Variable visible_part(const Variable& dy, const Tensor& lengths);

}  // namespace heddle
