#pragma once

// What the files of the family linear_tanh share: linear_tanh.cu (forward, choice),
// linear_tanh_backward.cu.

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

struct LinearTanhSizes {
  std::int64_t rows, in, out, groups;
};
/// Sizes of x and weight; `bias` may be the bias or its gradient. Errors: as kernels/linear_tanh.h.
LinearTanhSizes linear_tanh_sizes(const ConstView& x, const ConstView& weight,
                                  const ConstView& bias);

using LinearTanhBackward = void(Stream& stream, const ConstView& x, const ConstView& weight,
                                const ConstView& y, const ConstView& dy, const View& dx,
                                const View& dweight, const View& dbias);
LinearTanhBackward linear_tanh_backward_separate, linear_tanh_backward_one_pass;

}  // namespace heddle::kernels::HEDDLE_BACKEND
