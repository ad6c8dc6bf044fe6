#pragma once

#include <cstddef>
#include <cstdint>

#include "core/error.h"
#include "kernels/gpu/sim/coordinates.h"

namespace heddle::sim {

/// What a kernel did that no GPU would forgive, or would forgive silently: names kernel, block,
/// thread and line.
class KernelError : public Error {
 public:
  using Error::Error;
};

struct LaunchShape {
  const char* kernel = "";
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  bool cooperative = false;
  int cluster = 1;  // blocks, neighbours along x, that form a cluster
};

constexpr unsigned most_threads = 1024;                             // of a block
constexpr std::size_t most_shared_bytes = std::size_t{227} * 1024;  // of a block, as on sm_90
constexpr int most_cluster = 8;          // blocks of a cluster (the most that every card takes)
constexpr unsigned multiprocessors = 4;  // what kernels that fill the device take for its size

/// Runs `body(context)` once for each thread of the grid, block by block, the blocks spread over
/// the threads of core/parallel.h. Returns when all have ended. Cooperative: all blocks are alive
/// at once (on one OS thread), so that they may wait for each other; clusters: all blocks of one.
/// Errors: KernelError, with the first problem met, and whatever the kernel throws, with block and
/// thread put before the message.
void run_grid(const LaunchShape& shape, void (*body)(void*), void* context);

}  // namespace heddle::sim
