#pragma once

// Sums and maxima over a warp or a block, by fixed trees: the same bits for the same numbers, in
// every lane.

#include "kernels/gpu/device/backend.h"
#include "kernels/gpu/device/numbers.h"

namespace heddle::kernels::HEDDLE_BACKEND {

template <typename A>
__device__ __forceinline__ A larger_of(A a, A b) {
  // A NaN is not lost.
  return a > b || a != a ? a : b;
}

/// Over groups of `lanes` neighbouring lanes (a power of two). All lanes of the warp call it.
template <int lanes = 32, typename A>
__device__ __forceinline__ A warp_sum(A value HEDDLE_PLACE) {
  HEDDLE_UNROLL
  for (int step = lanes / 2; step > 0; step /= 2) {
    counted<1>(value += shuffle_xor(full_mask, value, step) HEDDLE_GIVE_PLACE);
  }
  return value;
}
template <int lanes = 32, typename A>
__device__ __forceinline__ A warp_max(A value) {
  HEDDLE_UNROLL
  for (int step = lanes / 2; step > 0; step /= 2) {
    value = larger_of(value, shuffle_xor(full_mask, value, step));
  }
  return value;
}

/// Shared memory for block_sum and block_max; one may serve several calls.
template <typename A>
struct BlockReduceShared {
  SharedArray<A, 32> of_warp;
};

/// Over the whole block, whose threads are counted along x alone and a multiple of 32. Ends with a
/// barrier, so that `shared` may be used again at once.
template <typename A>
__device__ __forceinline__ A block_sum(A value, BlockReduceShared<A>& shared HEDDLE_PLACE) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int warps = static_cast<int>(blockDim.x / 32);
  value = warp_sum(value HEDDLE_GIVE_PLACE);
  if (lane == 0) {
    shared.of_warp(warp) = value;
  }
  sync_threads();
  value = warp_sum(lane < warps ? static_cast<A>(shared.of_warp(lane < warps ? lane : 0))
                                : A{0} HEDDLE_GIVE_PLACE);
  sync_threads();
  return value;
}
template <typename A>
__device__ __forceinline__ A block_max(A value, BlockReduceShared<A>& shared) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int warps = static_cast<int>(blockDim.x / 32);
  value = warp_max(value);
  if (lane == 0) {
    shared.of_warp(warp) = value;
  }
  sync_threads();
  value = warp_max(static_cast<A>(shared.of_warp(lane < warps ? lane : 0)));
  sync_threads();
  return value;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
