#pragma once

// Softmax in one pass: the largest number met so far, and the sum of exponentials relative to it.
// When a larger number comes, the old sum is scaled down by the exponential of the difference.
// Milakov and Gimelshein, arXiv 1805.02867.

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// Of the numbers x met so far: Σ exp(x) = exp(largest) · sum. Nothing met: {−∞, 0}.
template <typename A>
struct SoftmaxPair {
  A largest;
  A sum;
};

template <typename A>
__device__ __forceinline__ SoftmaxPair<A> empty_pair() {
  return {-infinity_of<A>(), A{0}};
}

/// What exponents are taken relative to. 0 where nothing but −∞ was met: exp(−∞ − 0) is 0, where
/// exp(−∞ − −∞) would be NaN and spoil the sums of what comes after.
template <typename A>
__device__ __forceinline__ A shift_of(A largest) {
  return largest == -infinity_of<A>() ? A{0} : largest;
}

/// `size` numbers; those that do not count are −∞.
template <int size, typename A>
__device__ __forceinline__ SoftmaxPair<A> pair_of(const A (&x)[size]) {
  A largest = x[0];
  HEDDLE_UNROLL
  for (int k = 1; k < size; ++k) {
    largest = larger_of(largest, x[k]);
  }
  const A shift = shift_of(largest);
  A sum = 0;
  HEDDLE_UNROLL
  for (int k = 0; k < size; ++k) {
    counted<2>(sum += exp_of(x[k] - shift));
  }
  return {largest, sum};
}

/// The same bits for (a, b) and (b, a), so that all lanes of a tree agree: the smaller side is
/// always the one that is scaled. One exponential.
template <typename A>
__device__ __forceinline__ SoftmaxPair<A> merge(const SoftmaxPair<A>& a, const SoftmaxPair<A>& b) {
  const bool a_is_larger = a.largest >= b.largest;
  const SoftmaxPair<A> large = a_is_larger ? a : b;
  const SoftmaxPair<A> small = a_is_larger ? b : a;
  const A factor = exp_of(counted<1>(small.largest - shift_of(large.largest)));
  return {large.largest, counted<2>(large.sum + small.sum * factor)};
}

/// Over groups of `lanes` neighbouring lanes. All lanes of the warp call it.
template <int lanes = 32, typename A>
__device__ __forceinline__ SoftmaxPair<A> warp_merge(SoftmaxPair<A> pair) {
  HEDDLE_UNROLL
  for (int step = lanes / 2; step > 0; step /= 2) {
    const SoftmaxPair<A> other{shuffle_xor(full_mask, pair.largest, step),
                               shuffle_xor(full_mask, pair.sum, step)};
    pair = merge(pair, other);
  }
  return pair;
}

template <typename A>
struct SoftmaxPairShared {
  SharedArray<A, 32> largest;
  SharedArray<A, 32> sum;
};

/// Over the block, whose threads are a multiple of 32. Two barriers.
template <typename A>
__device__ __forceinline__ SoftmaxPair<A> block_merge(SoftmaxPair<A> pair,
                                                      SoftmaxPairShared<A>& shared) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int warps = static_cast<int>(blockDim.x / 32);
  pair = warp_merge(pair);
  if (lane == 0) {
    shared.largest(warp) = pair.largest;
    shared.sum(warp) = pair.sum;
  }
  sync_threads();
  pair = empty_pair<A>();
  if (lane < warps) {
    pair = {shared.largest(lane), shared.sum(lane)};
  }
  pair = warp_merge(pair);
  sync_threads();
  return pair;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
