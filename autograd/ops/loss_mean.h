#pragma once

#include "autograd/operation.h"
#include "autograd/variable.h"
#include "kernels/elementwise.h"

namespace heddle {

/// Σ losses / Σ weights; 0 where the weights sum to 0. The losses have been weighted already.
Variable over_total(const Variable& losses, const Tensor& weights, Where where);

/// The rest of a page of a loss of x and targets of x's shape: the losses one by one (first
/// derivatives by the kernels for `kind`, higher ones by `slope`, dx from x, targets and dy), then
/// Σ w·loss / Σ w, or their mean without weights. Elements of weight 0 are left out even if NaN.
/// Nothing counted: 0.
using ComposedLossSlope = Variable (*)(const Variable& x, const Variable& targets,
                                       const Variable& dy);
Variable finish_pair_loss(Operation& op, PairLoss kind, const Variable& x, const Tensor& targets,
                          const Tensor& weights, ComposedLossSlope slope, Where where);

}  // namespace heddle
