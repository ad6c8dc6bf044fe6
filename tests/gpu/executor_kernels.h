#pragma once
#include "kernels/gpu/device/device.h"
namespace heddle::kernels::HEDDLE_BACKEND {
void run_reverse(Stream& stream, bool with_barrier, const ConstView& x, const View& y);
void run_sum(Stream& stream, const ConstView& x, const View& y);
void run_grid_steps(Stream& stream, int blocks, int steps, const View& x);
}  // namespace heddle::kernels::HEDDLE_BACKEND
