#pragma once

// What the forward and the backward page of layer normalisation share.

#include <algorithm>

#include "kernels/gpu/row_group.h"
#include "kernels/layer_norm.h"

namespace heddle::kernels::HEDDLE_BACKEND {

enum class LayerNormVersion { thread_per_row, warp_per_row, block_per_row };

constexpr unsigned layer_norm_threads = 256;  // of a block that holds several rows

// Rows kept in registers: by a warp, 8 or 32 numbers a lane (f64: 8 or 16); by a block of up to 512
// threads, 16 each, or 8 where they are loaded one by one and need an address each.
template <typename T>
constexpr int layer_norm_warp_values = std::is_same_v<T, double> ? 16 : 32;
template <typename T>
constexpr std::int64_t layer_norm_warp_columns = std::int64_t{32} * layer_norm_warp_values<T>;
constexpr unsigned layer_norm_block_threads = 512;
template <int N>
constexpr int layer_norm_block_values = N == 1 ? 8 : 16;
template <int N>
constexpr std::int64_t layer_norm_block_columns =
    std::int64_t{layer_norm_block_threads} * layer_norm_block_values<N>;

/// Expected, until a GPU has measured it: the fewest threads whose registers hold the row.
constexpr LayerNormVersion layer_norm_default(std::int64_t cols) {
  return cols <= layer_norm_warp_columns<float> ? LayerNormVersion::warp_per_row
                                                : LayerNormVersion::block_per_row;
}

/// Threads of a block that holds one row, or walks along it.
template <int N>
unsigned layer_norm_threads_for(std::int64_t cols) {
  const unsigned warps = blocks_for(cols, std::int64_t{32} * layer_norm_block_values<N>);
  return std::min(layer_norm_block_threads, 32 * std::max(1u, warps));
}

/// Calls `body` with std::integral_constant<int, values per lane> for a row that a warp holds.
template <typename T, typename Body>
void with_warp_values(std::int64_t cols, Body&& body) {
  if (cols <= 256) {
    body(std::integral_constant<int, 8>{});
  } else {
    body(std::integral_constant<int, layer_norm_warp_values<T>>{});
  }
}

/// Calls `body(v, first)` for this thread's vectors of a row: v counts them, `first` is the column.
template <int N, int vectors, typename Body>
__device__ __forceinline__ void for_each_vector(int thread, int threads, std::int64_t cols,
                                                Body&& body) {
  HEDDLE_UNROLL
  for (int v = 0; v < vectors; ++v) {
    const int first = (v * threads + thread) * N;
    if (first < cols) {
      body(v, first);
    }
  }
}

/// Whether a contiguous [cols] view can be read in vectors of row_vector<T> beside rows of `cols`.
template <typename T>
bool is_aligned_row(const Row<T>& row) {
  using Plain = std::remove_const_t<T>;
  return vector_width<Plain>(row.data, row.size, row.size) >= row_vector<Plain>;
}

/// The type of what is kept per row: sums of bf16 numbers stay in f32.
inline DType moments_type(DType dtype) { return dtype == DType::bf16 ? DType::f32 : dtype; }

/// layer_norm_backward.cu
void layer_norm_backward(LayerNormVersion version, Stream& stream, const ConstView& x,
                         const ConstView& scale, const ConstView& mean, const ConstView& rstd,
                         const ConstView& dy, const View& dx, const View& dscale,
                         const View& dshift);

}  // namespace heddle::kernels::HEDDLE_BACKEND
