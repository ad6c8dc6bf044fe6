#pragma once

#include <cstdint>

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

enum class ReduceOp : std::uint8_t { sum, mean, max, min, logsumexp };

/// Reductions over the middle dimension of x [outer, n, inner] into out [outer, inner]; any
/// strides. Sums follow a fixed tree that depends on n alone (blocks of a fixed size, then
/// pairwise), so the bits do not depend on threads or on outer and inner. n = 0: sum 0, mean NaN,
/// logsumexp −∞; max and min are an error.
struct ReduceKernels {
  /// f32, f64; sum also i64.
  void (*reduce)(Stream&, ReduceOp, const ConstView& x, const View& out);
  /// Largest (or smallest) value and the index of its first place (i64); a NaN counts as the
  /// largest. `values` may be not given.
  void (*arg_extreme)(Stream&, ReduceOp max_or_min, const ConstView& x, const View& values,
                      const View& indices);
};

}  // namespace heddle
