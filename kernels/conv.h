#pragma once

#include <cstdint>

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

struct ConvOptions {
  std::int64_t stride_rows = 1, stride_cols = 1;
  std::int64_t padding_rows = 0, padding_cols = 0;  // zeros on both sides
  std::int64_t dilation_rows = 1, dilation_cols = 1;
};

/// Two-dimensional cross-correlation (the field's "convolution"); one dimension is rows = 1.
///   x [batch, channels, rows, cols], weight [filters, channels, kernel_rows, kernel_cols],
///   bias [filters] or not given, y [batch, filters, out_rows, out_cols] with
///   out = (size + 2·padding − dilation·(kernel − 1) − 1) / stride + 1.
/// Contiguous, f32 or f64.
struct ConvKernels {
  void (*forward)(Stream&, const ConvOptions&, const ConstView& x, const ConstView& weight,
                  const ConstView& bias, const View& y);
  /// dx, dweight, dbias may each be not given.
  void (*backward)(Stream&, const ConvOptions&, const ConstView& x, const ConstView& weight,
                   const ConstView& dy, const View& dx, const View& dweight, const View& dbias);
};

}  // namespace heddle
