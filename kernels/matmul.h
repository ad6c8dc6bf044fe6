#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// out[i] = a[i] · b[i] (+ out[i]):   a [batch, m, k], b [batch, k, n], out [batch, m, n].
/// Each matrix is row- or column-major (one of its two strides is 1, or its size there is ≤ 1), the
/// other stride at least the size; batch strides are free, 0 repeats a matrix. f32, f64.
/// `out` overlaps neither input. k = 0 gives zeros (or leaves out as it is).
/// Each product runs over fixed tiles of out with all of k, so the bits do not depend on threads.
struct MatmulKernels {
  void (*multiply)(Stream&, const ConstView& a, const ConstView& b, bool accumulate,
                   const View& out);
};

}  // namespace heddle
