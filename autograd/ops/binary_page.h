#pragma once

#include "autograd/operation.h"
#include "kernels/elementwise.h"

namespace heddle {

/// a ∘ b, broadcast, in a new tensor. Errors: shapes that do not broadcast; types that differ, or
/// that the kernel lacks.
Tensor binary_values(const Operation& op, BinaryOp kind, const Tensor& a, const Tensor& b);

}  // namespace heddle
