#pragma once

#include "autograd/operation.h"
#include "kernels/reduce.h"

namespace heddle {

/// Largest or smallest values along a dimension and the i64 index of their first place, both with
/// `dim` kept as size 1. Errors: nothing along `dim`.
struct Extremes {
  Tensor values;
  Tensor indices;
};
Extremes extremes_of(const char* operation, ReduceOp max_or_min, const Tensor& x, int dim);

/// The rest of a page y = max or min of x along `dim`; the gradient goes to the place found.
Variable finish_extreme(Operation& op, ReduceOp max_or_min, const Variable& x, int dim, bool keep);

}  // namespace heddle
