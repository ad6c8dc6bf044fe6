#pragma once

// Matrix products of warps on tensor cores, for the version tensor_cores of attention: tiles of T
// (bf16, or float rounded to tf32) in shared memory, D columns wide, rows 16 bytes longer than that
// so that the 8 rows one load_tiles reads lie in 32 different banks.
//
// A product of weights with rows takes the weights straight from the sums of the product before.
// For bf16 the lanes hold them as `a` wants them (Dao, arXiv 2307.08691, uses the same). For tf32
// they do not, but the order along the depth is free as long as a and b agree: column l % 4 of a is
// taken to be row 2 · (l % 4) of b, and column l % 4 + 4 row 2 · (l % 4) + 1.

#include "kernels/gpu/attention_scope.h"

namespace heddle::kernels::HEDDLE_BACKEND {

template <typename T>
using MmaOf = std::conditional_t<std::is_same_v<T, bf16>, MmaBf16, MmaTf32>;

template <typename T, int rows, int D>
using MmaTile = SharedArray<T, rows, D + widest<T> >;

__device__ __forceinline__ int lane_of_warp() { return static_cast<int>(threadIdx.x % 32); }

/// Begins to copy rows first_row … first_row + rows − 1 of `from` to `tile`: zeros from row
/// `row_end` and right of the last column. Each thread's elements are there after its wait_copies.
template <typename T, int rows, int D>
__device__ __forceinline__ void copy_tile(const Matrix<const T>& from, bool vectors, int first_row,
                                          int row_end, MmaTile<T, rows, D>& tile) {
  constexpr int n = widest<T>;
  const auto width = static_cast<int>(from.cols);
  for (int i = static_cast<int>(threadIdx.x); i < rows * (D / n);
       i += static_cast<int>(blockDim.x)) {
    const int row = i / (D / n);
    const int col = i % (D / n) * n;
    const bool row_inside = first_row + row < row_end;
    if (vectors) {
      const bool inside = row_inside && col < width;
      copy_async<16>(tile.address(row, col),
                     inside ? from.address(first_row + row, col) : from.data, inside);
    } else {
      HEDDLE_UNROLL
      for (int e = 0; e < n; ++e) {
        const bool inside = row_inside && col + e < width;
        if constexpr (sizeof(T) == 4) {
          copy_async<4>(tile.address(row, col + e),
                        inside ? from.address(first_row + row, col + e) : from.data, inside);
        } else {
          T value(0.0f);
          if (inside) {
            value = from(first_row + row, col + e);
          }
          tile(row, col + e) = value;
        }
      }
    }
  }
}

/// Rounds to tf32 the elements that this thread has copied: once here rather than by each warp that
/// reads them.
template <typename T, int rows, int D>
__device__ __forceinline__ void round_tile([[maybe_unused]] MmaTile<T, rows, D>& tile) {
  if constexpr (std::is_same_v<T, float>) {
    constexpr int n = widest<T>;
    for (int i = static_cast<int>(threadIdx.x); i < rows * (D / n);
         i += static_cast<int>(blockDim.x)) {
      float* const address = tile.address(i / (D / n), i % (D / n) * n);
      Vector<float, n> values = load_shared<n>(address);
      HEDDLE_UNROLL
      for (int e = 0; e < n; ++e) {
        values[e] = to_tf32(values[e]);
      }
      store_shared<n>(address, values);
    }
  }
}

/// a: rows first … first + 15, columns depth … of the tile.
template <typename T, int rows, int D>
__device__ __forceinline__ typename MmaOf<T>::A row_fragment(MmaTile<T, rows, D>& tile, int first,
                                                             int depth) {
  typename MmaOf<T>::A a;
  const int lane = lane_of_warp();
  load_tiles(a.word, tile.address(first + lane % 16, depth + lane / 16 * widest<T>));
  return a;
}

/// sum[m][c] += the warp's rows first + 16m … of `left` · rows 8c … 8c + 7 of `right`.
template <typename T, int D, int blocks, int left_rows, int right_rows>
__device__ __forceinline__ void mma_dots(MmaTile<T, left_rows, D>& left, int first,
                                         MmaTile<T, right_rows, D>& right,
                                         MmaSum (&sum)[blocks][right_rows / 8]) {
  constexpr int depth = MmaOf<T>::depth;
  const int lane = lane_of_warp();
  HEDDLE_UNROLL
  for (int d = 0; d < D; d += 2 * depth) {
    typename MmaOf<T>::A a[blocks][2];
    HEDDLE_UNROLL
    for (int m = 0; m < blocks; ++m) {
      a[m][0] = row_fragment<T, left_rows, D>(left, first + 16 * m, d);
      a[m][1] = row_fragment<T, left_rows, D>(left, first + 16 * m, d + depth);
    }
    HEDDLE_UNROLL
    for (int c = 0; c < right_rows / 8; ++c) {
      std::uint32_t word[4];
      load_tiles(word, right.address(8 * c + lane % 8, d + lane / 8 * widest<T>));
      const typename MmaOf<T>::B b0{{word[0], word[1]}};
      const typename MmaOf<T>::B b1{{word[2], word[3]}};
      HEDDLE_UNROLL
      for (int m = 0; m < blocks; ++m) {
        mma(sum[m][c], a[m][0], b0);
        mma(sum[m][c], a[m][1], b1);
      }
    }
  }
}

/// Sums of a product, as the factor a of the next: `weights` has 16 rows, and step s of the depth
/// is its columns s · depth ….
template <typename T, int count>
__device__ __forceinline__ typename MmaOf<T>::A weight_fragment(const MmaSum (&weights)[count],
                                                                int s) {
  typename MmaOf<T>::A a;
  if constexpr (std::is_same_v<T, bf16>) {
    HEDDLE_UNROLL
    for (int w = 0; w < 4; ++w) {
      const MmaSum& from = weights[2 * s + w / 2];
      a.word[w] = pack(bf16(from.element[w % 2 * 2]), bf16(from.element[w % 2 * 2 + 1]));
    }
  } else {
    HEDDLE_UNROLL
    for (int w = 0; w < 4; ++w) {
      a.word[w] = word_of(to_tf32(weights[s].element[w % 2 * 2 + w / 2]));
    }
  }
  return a;
}

/// sum[m][c] += weights[m] (16 rows, x_rows columns) · columns 8c … 8c + 7 of `x`.
template <typename T, int D, int blocks, int x_rows>
__device__ __forceinline__ void mma_product(const MmaSum (&weights)[blocks][x_rows / 8],
                                            MmaTile<T, x_rows, D>& x,
                                            MmaSum (&sum)[blocks][D / 8]) {
  constexpr int depth = MmaOf<T>::depth;
  const int lane = lane_of_warp();
  HEDDLE_UNROLL
  for (int s = 0; s < x_rows / depth; ++s) {
    typename MmaOf<T>::A a[blocks];
    HEDDLE_UNROLL
    for (int m = 0; m < blocks; ++m) {
      a[m] = weight_fragment<T>(weights[m], s);
    }
    HEDDLE_UNROLL
    for (int c = 0; c < D / 8; c += 2) {
      typename MmaOf<T>::B b[2];
      if constexpr (std::is_same_v<T, bf16>) {
        std::uint32_t word[4];
        load_tiles<true>(word, x.address(s * depth + lane % 16, 8 * c + lane / 16 * 8));
        b[0] = {{word[0], word[1]}};
        b[1] = {{word[2], word[3]}};
      } else {
        HEDDLE_UNROLL
        for (int w = 0; w < 4; ++w) {
          const float found = x(s * depth + 2 * (lane % 4) + w % 2, 8 * (c + w / 2) + lane / 4);
          b[w / 2].word[w % 2] = word_of(found);
        }
      }
      HEDDLE_UNROLL
      for (int m = 0; m < blocks; ++m) {
        mma(sum[m][c], a[m], b[0]);
        mma(sum[m][c + 1], a[m], b[1]);
      }
    }
  }
}

template <int blocks, int count>
__device__ __forceinline__ void clear(MmaSum (&sum)[blocks][count]) {
  HEDDLE_UNROLL
  for (int m = 0; m < blocks; ++m) {
    HEDDLE_UNROLL
    for (int c = 0; c < count; ++c) {
      HEDDLE_UNROLL
      for (int i = 0; i < 4; ++i) {
        sum[m][c].element[i] = 0.0f;
      }
    }
  }
}

/// Writes 16 rows of sums, from row `first` and column 0 on, where they exist.
template <typename T, int count>
__device__ __forceinline__ void store_sums(const Matrix<T>& to, int first,
                                           const MmaSum (&sum)[count]) {
  HEDDLE_UNROLL
  for (int c = 0; c < count; ++c) {
    HEDDLE_UNROLL
    for (int i = 0; i < 4; ++i) {
      const TilePlace place = sum_place(lane_of_warp(), i);
      if (first + place.row < to.rows && 8 * c + place.col < to.cols) {
        to(first + place.row, 8 * c + place.col) = narrow<T>(sum[c].element[i]);
      }
    }
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
