#pragma once

#include <cstddef>

#include "core/stream.h"
#include "kernels/gpu/device/backend.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// How a kernel is started.
struct Launch {
  const char* kernel;  // its name, for errors, traces and profiles: "softmax.online"
  Stream& stream;
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;  // of dynamic shared memory: sizeof the kernel's struct
  bool cooperative = false;      // all blocks alive at once: sync_grid, flags
  int cluster = 1;               // blocks of a cluster, neighbours along x, at most 8 (cluster.h)
};

}  // namespace heddle::kernels::HEDDLE_BACKEND
