#pragma once

// The vocabulary for nvcc: thin names over CUDA's own. words_sim.h says what each does.

#include <cooperative_groups.h>

#include <cstdint>
#include <utility>

#include "core/error.h"
#include "kernels/gpu/device/launch.h"

namespace heddle::kernels::cuda {

constexpr std::uint32_t full_mask = 0xFFFFFFFFu;
constexpr int warp_size = 32;

/// Checks the configuration, starts the kernel, and throws an Error that names it where CUDA
/// refuses.
void launch_raw(const void* kernel, const Launch& launch, void** arguments);

template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), const Launch& how, Arguments&&... arguments) {
  if (how.grid.x == 0 || how.grid.y == 0 || how.grid.z == 0) {
    return;
  }
  const auto start = [&](Parameters... values) {
    void* addresses[sizeof...(Parameters) + 1] = {
        const_cast<void*>(static_cast<const void*>(&values))..., nullptr};
    launch_raw(reinterpret_cast<const void*>(kernel), how, addresses);
  };
  start(static_cast<Parameters>(arguments)...);
}

template <typename Shared>
__device__ __forceinline__ Shared& shared_memory() {
  extern __shared__ __align__(128) unsigned char heddle_shared[];
  return *reinterpret_cast<Shared*>(heddle_shared);
}

template <typename T>
class SharedElements {
 public:
  __device__ SharedElements(T* data, std::int64_t size) : data_(data), size_(size) {}
  __device__ __forceinline__ T& operator()(std::int64_t i) const { return data_[i]; }
  __device__ __forceinline__ T* address(std::int64_t i) const { return data_ + i; }
  __device__ std::int64_t size() const { return size_; }

 private:
  T* data_;
  std::int64_t size_;
};

template <typename T>
__device__ __forceinline__ SharedElements<T> shared_elements(std::size_t offset,
                                                             std::int64_t count) {
  extern __shared__ __align__(128) unsigned char heddle_shared[];
  return {reinterpret_cast<T*>(heddle_shared + offset), count};
}

template <typename T, int... sizes>
class SharedArray {
  static_assert(sizeof...(sizes) >= 1 && sizeof...(sizes) <= 3);

 public:
  __device__ __forceinline__ T& operator()(int i) { return data_[i]; }
  __device__ __forceinline__ T& operator()(int i, int j) { return data_[i * extent<1>() + j]; }
  __device__ __forceinline__ T& operator()(int i, int j, int k) {
    return data_[(i * extent<1>() + j) * extent<2>() + k];
  }
  __device__ __forceinline__ T* address(int i) { return data_ + i; }
  __device__ __forceinline__ T* address(int i, int j) { return &(*this)(i, j); }
  __device__ __forceinline__ T* address(int i, int j, int k) { return &(*this)(i, j, k); }

 private:
  template <int place>
  __device__ static constexpr int extent() {
    constexpr int all[] = {sizes..., 1, 1};
    return all[place];
  }
  T data_[(sizes * ...)];
};

__device__ __forceinline__ void sync_threads() { __syncthreads(); }
__device__ __forceinline__ void sync_warp(std::uint32_t mask = full_mask) { __syncwarp(mask); }
__device__ __forceinline__ void sync_grid() { cooperative_groups::this_grid().sync(); }

__device__ __forceinline__ void post_flag(std::uint32_t* flag, std::uint32_t value) {
#if __CUDA_ARCH__ >= 700
  asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(flag), "r"(value) : "memory");
#endif
}
__device__ __forceinline__ void wait_flag(std::uint32_t* flag, std::uint32_t value) {
#if __CUDA_ARCH__ >= 700
  std::uint32_t seen;
  do {
    asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(flag) : "memory");
  } while (seen < value);
#endif
}

template <typename T>
__device__ __forceinline__ T shuffle(std::uint32_t mask, T value, int source_lane) {
  return __shfl_sync(mask, value, source_lane);
}
template <typename T>
__device__ __forceinline__ T shuffle_xor(std::uint32_t mask, T value, int lanes) {
  return __shfl_xor_sync(mask, value, lanes);
}
template <typename T>
__device__ __forceinline__ T shuffle_down(std::uint32_t mask, T value, int lanes) {
  return __shfl_down_sync(mask, value, static_cast<unsigned>(lanes));
}
template <typename T>
__device__ __forceinline__ T shuffle_up(std::uint32_t mask, T value, int lanes) {
  return __shfl_up_sync(mask, value, static_cast<unsigned>(lanes));
}
__device__ __forceinline__ std::uint32_t ballot(std::uint32_t mask, bool predicate) {
  return __ballot_sync(mask, predicate);
}
__device__ __forceinline__ bool any(std::uint32_t mask, bool predicate) {
  return __any_sync(mask, predicate) != 0;
}
__device__ __forceinline__ bool all(std::uint32_t mask, bool predicate) {
  return __all_sync(mask, predicate) != 0;
}

__device__ __forceinline__ int count_bits(std::uint32_t bits) { return __popc(bits); }

template <typename T>
__device__ __forceinline__ T atomic_add(T* address, T value) {
  static_assert(!std::is_floating_point_v<T>,
                "floating sums must not depend on the order of threads");
  if constexpr (sizeof(T) == 8) {
    return static_cast<T>(atomicAdd(reinterpret_cast<unsigned long long*>(address),
                                    static_cast<unsigned long long>(value)));
  } else {
    return atomicAdd(address, value);
  }
}

template <int bytes>
__device__ __forceinline__ void copy_async(void* to_shared, const void* from_global,
                                           bool inside = true) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
#if __CUDA_ARCH__ >= 800
  const auto target = static_cast<std::uint32_t>(__cvta_generic_to_shared(to_shared));
  const int read = inside ? bytes : 0;
  if constexpr (bytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(from_global),
                 "r"(read)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(target), "l"(from_global),
                 "n"(bytes), "r"(read)
                 : "memory");
  }
#else
  struct alignas(bytes) Piece {
    std::uint32_t words[bytes / 4];
  };
  *static_cast<Piece*>(to_shared) = inside ? *static_cast<const Piece*>(from_global) : Piece{};
#endif
}
__device__ __forceinline__ void commit_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
template <int pending = 0>
__device__ __forceinline__ void wait_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
#endif
}

}  // namespace heddle::kernels::cuda
