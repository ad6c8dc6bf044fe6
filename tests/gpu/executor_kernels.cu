// Small kernels the executor is tested with: some right, some that it must diagnose.

#include "tests/gpu/executor_kernels.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

struct ReverseShared {
  SharedArray<float, 64> value;
};

template <bool with_barrier>
__global__ void reverse_block(Row<const float> x, Row<float> y) {
  auto& shared = shared_memory<ReverseShared>();
  const int i = static_cast<int>(threadIdx.x);
  shared.value(i) = x(i);
  if (with_barrier) {
    sync_threads();
  }
  // The upper half alone reads what the lower half wrote: forward order hides the missing barrier.
  if (i >= 32) {
    y(i) = shared.value(63 - i);
  }
}

__global__ void sum_by_warp(Row<const float> x, Row<float> y) {
  y(threadIdx.x) = warp_sum(x(threadIdx.x));
}

__global__ void grid_steps(Row<float> x, int steps) {
  for (int step = 0; step < steps; ++step) {
    const float left = x((blockIdx.x + 1) % gridDim.x);
    sync_grid();
    if (threadIdx.x == 0) {
      x(blockIdx.x) = left + 1.0f;
    }
    sync_grid();
  }
}

}  // namespace

void run_reverse(Stream& stream, bool with_barrier, const ConstView& x, const View& y) {
  launch(with_barrier ? reverse_block<true> : reverse_block<false>,
         Launch{"reverse_block", stream, 1, 64, sizeof(ReverseShared)}, flat_of<float>(x),
         flat_of<float>(y));
}

void run_sum(Stream& stream, const ConstView& x, const View& y) {
  launch(sum_by_warp, Launch{"sum_by_warp", stream, 1, 64}, flat_of<float>(x), flat_of<float>(y));
}

void run_grid_steps(Stream& stream, int blocks, int steps, const View& x) {
  launch(grid_steps,
         Launch{.kernel = "grid_steps",
                .stream = stream,
                .grid = static_cast<unsigned>(blocks),
                .block = 32,
                .cooperative = true},
         flat_of<float>(x), steps);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
