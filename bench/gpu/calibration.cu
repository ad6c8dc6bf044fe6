// What the machine itself costs: a launch, a barrier of the grid, a handoff between two blocks, and
// how many f32 products and sums it does in a second.

#include "bench/gpu/calibration.h"
#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

__global__ void do_nothing() {}

__global__ void only_barriers(int steps) {
  for (int step = 0; step < steps; ++step) {
    sync_grid();
  }
}

/// Block 0 posts 1, 2, …; block 1 answers each on the other flag.
__global__ void hand_over(std::uint32_t* flags, int steps) {
  if (threadIdx.x != 0) {
    return;
  }
  for (int step = 1; step <= steps; ++step) {
    const auto value = static_cast<std::uint32_t>(step);
    if (blockIdx.x == 0) {
      post_flag(flags, value);
      wait_flag(flags + 2, value);
    } else {
      wait_flag(flags, value);
      post_flag(flags + 2, value);
    }
  }
}

__global__ void only_products(int steps, Row<float> out) {
  float sum[8];
  for (int i = 0; i < 8; ++i) {
    sum[i] = static_cast<float>(threadIdx.x + static_cast<unsigned>(i));
  }
  for (int step = 0; step < steps; ++step) {
    HEDDLE_UNROLL
    for (int i = 0; i < 8; ++i) {
      sum[i] = std::fma(sum[i], 0.999f, 0.5f);
    }
  }
  float total = 0;
  for (int i = 0; i < 8; ++i) {
    total += sum[i];
  }
  if (total == -1.0f) {  // never: so that the products are not left out
    out(0) = total;
  }
}

void run_launch(Stream& stream) { launch(do_nothing, Launch{"calibration.launch", stream, 1, 32}); }

void run_grid_barrier(Stream& stream, int steps) {
  launch(only_barriers,
         Launch{.kernel = "calibration.grid_barrier",
                .stream = stream,
                .grid = static_cast<unsigned>(limits_of(stream).multiprocessors),
                .block = 256,
                .cooperative = true},
         steps);
}

void run_handoff(Stream& stream, int steps, const View& flags) {
  launch(hand_over,
         Launch{.kernel = "calibration.handoff",
                .stream = stream,
                .grid = 2,
                .block = 32,
                .cooperative = true},
         reinterpret_cast<std::uint32_t*>(flags.pointer<std::int64_t>()), steps);
}

double run_products(Stream& stream, int steps, const View& out) {
  const auto blocks = static_cast<unsigned>(limits_of(stream).multiprocessors * 8);
  launch(only_products, Launch{"calibration.products", stream, blocks, 256}, steps,
         flat_of<float>(out));
  return 2.0 * 8.0 * steps * blocks * 256.0;
}

}  // namespace

Calibration calibration() {
  return {.launch = run_launch,
          .grid_barrier = run_grid_barrier,
          .handoff = run_handoff,
          .products = run_products};
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
