#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace heddle {

/// Pictures f32 [N, C, H, W] at another size [N, C, rows, cols]. Along an axis that shrinks, each
/// new pixel is the average of what it covers, parts of pixels counted by their share; along one
/// that grows, it is interpolated linearly between the middles of the two nearest.
Tensor resize_pictures(const Tensor& pictures, std::int64_t rows, std::int64_t cols);

}  // namespace heddle
