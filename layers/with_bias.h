#pragma once

#include "autograd/ops.h"

namespace heddle {

/// The end of a layer whose sums have no bias yet: activation(x + bias) in one pass, with the bias
/// along dimension `dim` of x; activation(x) where bias is undefined.
Variable with_bias(const Variable& x, const Variable& bias, Activation activation, int dim);

}  // namespace heddle
