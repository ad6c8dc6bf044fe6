#pragma once

#include "core/tensor.h"
#include "kernels/reduce.h"

namespace heddle {

/// Which dimensions of a shape a reduction takes away, and what remains.
struct Reduction {
  /// Over `dims` (all where empty). Errors: out of range, or named twice; `operation` is named.
  Reduction(const char* operation, const Shape& shape, const Dims& dims, bool keep);

  /// One bit per dimension.
  unsigned reduced = 0;
  Shape kept;              // with size 1 in place of what is reduced
  Shape result;            // what the caller gets: `kept`, or without those
  std::int64_t count = 1;  // elements that become one
};

/// Values of the reduction, shaped `result`. Neighbouring dimensions are reduced together; runs
/// with a gap between them one after the other, the last first, so that nothing is copied.
Tensor reduced_values(ReduceOp kind, const Tensor& x, const Reduction& reduction);

/// x, seen as [outer, n, inner] with n the dimensions from `begin` to before `end`.
Tensor around(const Tensor& x, int begin, int end);

}  // namespace heddle
