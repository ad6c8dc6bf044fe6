#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// y[r, c] = exp(x[r, c] − max) / Σ exp(x[r, ·] − max), over c < lengths[r]; y is 0 beyond.
/// Logarithmic: y[r, c] = x[r, c] − log Σ exp(x[r, ·]), and −∞ beyond.
/// x, y [rows, cols], any row stride, columns contiguous; lengths i64 [rows] or not given (all
/// columns). A row of length 0 gives zeros (−∞ where logarithmic). f32, f64; GPU: also bf16,
/// computed in f32. y may be x.
struct SoftmaxKernels {
  void (*forward)(Stream&, const ConstView& x, const ConstView& lengths, bool logarithmic,
                  const View& y);
  /// dx = y (dy − Σ y·dy), or logarithmic dx = dy − eʸ Σ dy, in one pass over the saved y; 0 beyond
  /// a row's length. dx may be dy.
  void (*backward)(Stream&, const ConstView& y, const ConstView& lengths, const ConstView& dy,
                   bool logarithmic, const View& dx);
};

}  // namespace heddle
