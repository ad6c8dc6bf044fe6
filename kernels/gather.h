#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// Elements by index along the middle dimension: out[o, j, i] = x[o, index[o, j, i], i].
///   x [outer, n, inner], index i64 [outer, k, inner], out [outer, k, inner]; any strides; f32,
///   f64.
/// Errors: an index outside [0, n).
struct GatherKernels {
  void (*forward)(Stream&, const ConstView& x, const ConstView& index, const View& out);
  /// dx[o, index[o, j, i], i] += dout[o, j, i] over j in order, dx cleared first.
  void (*backward)(Stream&, const ConstView& index, const ConstView& dout, const View& dx);
};

}  // namespace heddle
