#pragma once

#include "autograd/operation.h"
#include "kernels/elementwise.h"

namespace heddle {

/// What the derivative of a unary operation is computed from.
enum class UnarySaves { input, output };

/// dx from dy and what was saved, composed of operations: for derivatives of higher order.
using ComposedSlope = Variable (*)(const Variable& saved, const Variable& dy);

/// The rest of a page y = f(x), element by element: values and first derivatives by the kernels for
/// `kind`, higher ones by `slope`.
Variable finish_unary(Operation& op, UnaryOp kind, const Variable& x, UnarySaves saves,
                      ComposedSlope slope);

/// f(x) and dy · f′, in new tensors; x or y stands for whichever `kind` needs.
Tensor unary_values(UnaryOp kind, const Tensor& x);
Tensor unary_slope(UnaryOp kind, const Tensor& x, const Tensor& y, const Tensor& dy);

}  // namespace heddle
