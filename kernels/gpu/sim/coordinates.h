#pragma once

// NOLINTBEGIN(readability-identifier-naming)

/// CUDA's own names for where a thread is. Plain variables, set by the executor before it lets a
/// thread go on, so that a debugger understands `break softmax.cu:40 if threadIdx.x == 37`.
struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_size = 1, unsigned y_size = 1, unsigned z_size = 1)
      : x(x_size), y(y_size), z(z_size) {}
};

namespace heddle::kernels::sim {

inline thread_local constinit uint3 threadIdx{0, 0, 0};
inline thread_local constinit uint3 blockIdx{0, 0, 0};
inline thread_local constinit dim3 blockDim{};
inline thread_local constinit dim3 gridDim{};

}  // namespace heddle::kernels::sim

// NOLINTEND(readability-identifier-naming)
