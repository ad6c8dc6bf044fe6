#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// y = tanh(x · weightᵀ + bias)
///   x [rows, in], weight [out, in], y [rows, out];
///   bias [groups, out] or not given: row r takes bias row r mod groups. groups = 1 is the usual
///   bias; with rows = time · batch and groups = batch it adds a part that is the same for all
///   times.
/// Row-major and contiguous, f32 or f64; outputs overlap no input.
struct LinearTanhKernels {
  void (*forward)(Stream&, const ConstView& x, const ConstView& weight, const ConstView& bias,
                  const View& y);
  /// dz = dy (1 − y²) and dbias = Σ dz in one pass, then dx = dz · weight and dweight = dzᵀ · x.
  /// Needs x, weight and y from the forward pass. dx, dweight, dbias may each be not given.
  void (*backward)(Stream&, const ConstView& x, const ConstView& weight, const ConstView& y,
                   const ConstView& dy, const View& dx, const View& dweight, const View& dbias);
};

}  // namespace heddle
