#pragma once

// What the forward and the backward page of attention pooling share.

#include "kernels/attention_pool.h"
#include "kernels/gpu/row_group.h"

namespace heddle::kernels::HEDDLE_BACKEND {

enum class AttentionPoolVersion { three_kernels, fused };

constexpr unsigned attention_pool_threads = 256;  // of every block
constexpr int attention_pool_steps = 4;  // time steps whose dot products a warp takes together

/// The most time steps `fused` keeps in shared memory: 32 KB, so that several blocks fit on a
/// multiprocessor. A longer sequence goes to `three_kernels`.
template <typename A>
constexpr std::int64_t attention_pool_most_time = 32768 / sizeof(A);

/// Expected, until a GPU has measured it: one launch in place of three decides as long as a block
/// has room for a sequence, and sequences it has no room for go their own way by themselves.
constexpr AttentionPoolVersion attention_pool_default = AttentionPoolVersion::fused;

/// Where `fused` keeps a number per time step, behind what its reductions need.
template <typename A>
constexpr std::size_t attention_pool_offset = (sizeof(BlockOfRowShared<A>) + 15) / 16 * 16;
template <typename A>
std::size_t attention_pool_shared_bytes(std::int64_t time) {
  return attention_pool_offset<A> + static_cast<std::size_t>(time) * sizeof(A);
}

/// sum[s] = u[first + s, b, :] · v, by one warp, in all lanes; 0 from `length` on, where nothing is
/// read. v is loaded once for all steps, and the loads of all steps are on their way at once.
template <typename T, int N>
__device__ __forceinline__ void dot_steps(const Batch<const T>& u, std::int64_t b,
                                          std::int64_t first, std::int64_t length,
                                          const Row<const T>& v,
                                          accumulate_t<T> (&sum)[attention_pool_steps]) {
  for (accumulate_t<T>& one : sum) {
    one = 0;
  }
  for (std::int64_t j = lane_in_row<32>() * N; j < v.size; j += 32 * N) {
    const Vector<T, N> factor = load_vector<N>(v, j);
    HEDDLE_UNROLL
    for (int s = 0; s < attention_pool_steps; ++s) {
      if (first + s < length) {
        const Vector<T, N> element = load_vector<N>(u.matrix(first + s).row(b), j);
        HEDDLE_UNROLL
        for (int i = 0; i < N; ++i) {
          sum[s] = multiply_add(widen(element[i]), widen(factor[i]), sum[s]);
        }
      }
    }
  }
  HEDDLE_UNROLL
  for (int s = 0; s < attention_pool_steps; ++s) {
    sum[s] = warp_sum(sum[s]);
  }
}

/// Where a warp of a grid over all rows and steps stands: it takes `attention_pool_steps` from
/// `first` on of row `b`.
struct StepPlace {
  std::int64_t b, first;
};
__device__ __forceinline__ StepPlace place_of_steps(std::int64_t time) {
  const std::int64_t warps = (time + attention_pool_steps - 1) / attention_pool_steps;  // of a row
  const std::int64_t warp = row_of_lane<32>();
  return {warp / warps, warp % warps * attention_pool_steps};
}
inline unsigned blocks_of_steps(std::int64_t time, std::int64_t batch) {
  const std::int64_t warps = (time + attention_pool_steps - 1) / attention_pool_steps * batch;
  return blocks_for(warps * 32, attention_pool_threads);
}

/// attention_pool_backward.cu
void attention_pool_backward(AttentionPoolVersion version, Stream& stream, const ConstView& u,
                             const ConstView& w, const ConstView& lengths, const ConstView& a,
                             const ConstView& dpooled, const ConstView& da, const View& du,
                             const View& dw);

}  // namespace heddle::kernels::HEDDLE_BACKEND
