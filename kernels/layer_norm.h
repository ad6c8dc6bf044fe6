#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// y = (x − mean) · rstd · scale + shift over each row, rstd = 1/√(variance + epsilon), biased
/// variance.
///   x, y [rows, cols], scale and shift [cols], mean and rstd [rows] saved for backward;
///   contiguous, f32 or f64. GPU: also bf16, with mean and rstd in f32. Ba et al., arXiv
///   1607.06450.
struct LayerNormKernels {
  void (*forward)(Stream&, double epsilon, const ConstView& x, const ConstView& scale,
                  const ConstView& shift, const View& y, const View& mean, const View& rstd);
  /// dx, dscale, dshift may each be not given.
  void (*backward)(Stream&, const ConstView& x, const ConstView& scale, const ConstView& mean,
                   const ConstView& rstd, const ConstView& dy, const View& dx, const View& dscale,
                   const View& dshift);
};

}  // namespace heddle
