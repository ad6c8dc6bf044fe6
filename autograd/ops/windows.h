#pragma once

#include <cstdint>

#include "autograd/variable.h"

namespace heddle {

/// Windows that slide over one dimension of a picture.
struct WindowAxis {
  std::int64_t size = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t dilation = 1;

  /// Windows along the axis: (size + 2·padding − dilation·(kernel − 1) − 1) / stride + 1.
  /// Errors: a number out of range; no window fits. `operation` and `what` are named.
  std::int64_t count(const char* operation, const char* what) const;
};

/// The elements of each window of x [batch, channels, rows, cols]: [batch, channels, kernel rows ·
/// kernel cols, windows down · windows across]; `outside` for those in the padding. Composed of
/// gather and where.
Variable windows(const Variable& x, const WindowAxis& rows, const WindowAxis& cols, double outside);
/// Whether an element is in the picture: bool [kernel rows · kernel cols, windows], on the host.
Tensor inside_picture(const WindowAxis& rows, const WindowAxis& cols);

}  // namespace heddle
