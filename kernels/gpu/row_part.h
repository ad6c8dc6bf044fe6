#pragma once

// The part of a row that one thread keeps in registers, where `threads` threads share the row. A
// row is then read once, in vectors of N neighbouring elements that neighbouring threads take in
// turn, so that a warp reads one stretch of memory:
//
//   N = 4, threads = 8:  column  0 … 3   4 … 7   …  28 … 31 | 32 … 35  …
//                        thread     0       1    …     7    |    0     …
//                        value   0 … 3   0 … 3   …   0 … 3  |  4 … 7   …

#include <cstdint>
#include <type_traits>

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

template <typename T, int N, int vectors>
struct RowPart {
  using A = accumulate_t<T>;
  static constexpr int size = N * vectors;

  A value[size];

  /// Of value k. Rows kept in registers are short: an int holds their columns.
  __device__ static __forceinline__ int column(int k, int thread, int threads) {
    return ((k / N) * threads + thread) * N + k % N;
  }

  /// Columns from `count` on are `beyond`; vectors that begin there are not read.
  __device__ __forceinline__ void load(const Row<const T>& row, int thread, int threads,
                                       std::int64_t count, A beyond) {
    HEDDLE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      const int first = column(v * N, thread, threads);
      if (first < count) {
        const Vector<T, N> vector = load_vector<N>(row, first);
        HEDDLE_UNROLL
        for (int i = 0; i < N; ++i) {
          value[v * N + i] = first + i < count ? widen(vector[i]) : beyond;
        }
      } else {
        HEDDLE_UNROLL
        for (int i = 0; i < N; ++i) {
          value[v * N + i] = beyond;
        }
      }
    }
  }

  /// Columns from `count` to the row's end become `beyond`.
  __device__ __forceinline__ void store(const Row<T>& row, int thread, int threads,
                                        std::int64_t count, A beyond) const {
    HEDDLE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      const int first = column(v * N, thread, threads);
      if (first < row.size) {
        Vector<T, N> vector;
        HEDDLE_UNROLL
        for (int i = 0; i < N; ++i) {
          vector[i] = narrow<T>(first + i < count ? value[v * N + i] : beyond);
        }
        store_vector<N>(row, first, vector);
      }
    }
  }
};

/// The row from column `first` on.
template <typename T>
__device__ __forceinline__ Row<T> from_column(const Row<T>& row, std::int64_t first) {
  return {row.data + first, row.size - first, row.stride};
}

/// The widest vector that these kernels are compiled for; 8-byte numbers are taken one by one.
template <typename T>
constexpr int row_vector = std::is_same_v<T, double> ? 1 : widest<T>;

/// Calls `body` with std::integral_constant<int, N>: N = row_vector<T> where every row is aligned
/// to it, else 1.
template <typename T, typename Body>
void with_row_vector(bool aligned, Body&& body) {
  if constexpr (row_vector < T >> 1) {
    if (aligned) {
      body(std::integral_constant<int, row_vector<T>>{});
      return;
    }
  }
  body(std::integral_constant<int, 1>{});
}

/// Whether the rows of the matrix can be read in vectors of row_vector<T>.
template <typename T>
bool has_aligned_rows(const Matrix<T>& matrix) {
  return vector_width<std::remove_const_t<T>>(matrix.data, matrix.row_stride, matrix.cols) >=
         row_vector<std::remove_const_t<T>>;
}

// Where a thread of a block that holds several rows stands: `lanes` neighbouring threads a row.

template <int lanes>
__device__ __forceinline__ int lane_in_row() {
  return static_cast<int>(threadIdx.x) % lanes;
}
template <int lanes>
__device__ __forceinline__ std::int64_t row_of_lane() {
  return std::int64_t{blockIdx.x} * (blockDim.x / lanes) + threadIdx.x / lanes;
}

/// A warp's lanes all take part in its words: those whose row does not exist stand at the last one
/// and neither count nor store anything.
struct RowPlace {
  std::int64_t row;
  bool exists;
};
template <int lanes>
__device__ __forceinline__ RowPlace place_of_lane(std::int64_t rows) {
  const std::int64_t row = row_of_lane<lanes>();
  return {row < rows ? row : rows - 1, row < rows};
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
