#pragma once

#include <cstdint>

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

struct PoolOptions {
  std::int64_t kernel_rows = 2, kernel_cols = 2;
  std::int64_t stride_rows = 2, stride_cols = 2;
  std::int64_t padding_rows = 0, padding_cols = 0;  // at most half the kernel
};

/// Windows over x [batch, channels, rows, cols] into y [batch, channels, out_rows, out_cols];
/// contiguous, f32 or f64. One dimension is rows = 1 with kernel_rows = stride_rows = 1.
struct PoolKernels {
  /// Padding never wins. `places` i64, shaped as y: row·cols + col of the first largest value.
  void (*max_forward)(Stream&, const PoolOptions&, const ConstView& x, const View& y,
                      const View& places);
  void (*max_backward)(Stream&, const PoolOptions&, const ConstView& places, const ConstView& dy,
                       const View& dx);
  /// Divides by the number of elements inside the picture (padding does not count).
  void (*average_forward)(Stream&, const PoolOptions&, const ConstView& x, const View& y);
  void (*average_backward)(Stream&, const PoolOptions&, const ConstView& dy, const View& dx);
};

}  // namespace heddle
