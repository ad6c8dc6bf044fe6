#pragma once

// The threads that share a row, as a warp or as a block: one kernel body serves both. All threads
// of the group call its words together.

#include "kernels/gpu/row_part.h"
#include "kernels/gpu/softmax_pair.h"

namespace heddle::kernels::HEDDLE_BACKEND {

struct WarpOfRow {
  int thread = lane_in_row<32>();
  static constexpr int threads = 32;

  template <typename A>
  __device__ __forceinline__ A sum(A value) const {
    return warp_sum(value);
  }
  template <typename A>
  __device__ __forceinline__ SoftmaxPair<A> merged(const SoftmaxPair<A>& pair) const {
    return warp_merge(pair);
  }
};

/// Shared memory of a block that stands for a row.
template <typename A>
struct BlockOfRowShared {
  BlockReduceShared<A> reduce;
  SoftmaxPairShared<A> pairs;
};

template <typename Accumulator>
struct BlockOfRow {
  BlockOfRowShared<Accumulator>& shared;
  int thread = static_cast<int>(threadIdx.x);
  int threads = static_cast<int>(blockDim.x);

  template <typename A>
  __device__ __forceinline__ A sum(A value) const {
    return block_sum(value, shared.reduce);
  }
  template <typename A>
  __device__ __forceinline__ SoftmaxPair<A> merged(const SoftmaxPair<A>& pair) const {
    return block_merge(pair, shared.pairs);
  }
};

}  // namespace heddle::kernels::HEDDLE_BACKEND
