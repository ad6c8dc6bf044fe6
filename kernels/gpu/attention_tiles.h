#pragma once

// Matrix products of register tiles, for the versions of attention that use ordinary arithmetic.
// 128 threads: 8 groups of 16 neighbouring lanes. Of a square tile of results the group ty has the
// rows ty, ty + 8, …, and its lane tx the columns tx, tx + 16, … (products of rows with rows) or
// `cols` neighbouring ones from tx · cols on (products of weights with rows).

#include "kernels/gpu/attention_scope.h"

namespace heddle::kernels::HEDDLE_BACKEND {

template <typename A>
struct Tile {
  static constexpr int threads = 128;
  static constexpr int edge = std::is_same_v<A, double> ? 32 : 64;
  static constexpr int rows = edge / 8;   // of a thread
  static constexpr int cols = edge / 16;  // of a thread
};

/// Rows of q, k, v, … The pitch is an odd number of 16-byte words, so that 8 rows read at one
/// column lie in 32 banks.
template <typename A>
using Operand = SharedArray<A, Tile<A>::edge, Tile<A>::edge + widest<A> >;
/// Weights. 16 columns further per row: what two groups of a warp write lies in different banks.
template <typename A>
using Weights = SharedArray<A, Tile<A>::edge, Tile<A>::edge + 16>;

template <typename A>
struct TiledShared {
  Operand<A> left, right;
  Weights<A> weights;
};

__device__ __forceinline__ int lane_group() { return static_cast<int>(threadIdx.x / 16); }
__device__ __forceinline__ int lane_in_group() { return static_cast<int>(threadIdx.x % 16); }

/// Copies rows first_row … first_row + rows − 1, columns first_col … first_col + cols − 1 of `from`
/// to `tile`, as A; zeros from row `row_end` on and right of the last column. 16 bytes at a time
/// where `vectors`. `cols` is a multiple of widest<A>. No barrier.
template <typename T, typename A, typename TileOfA>
__device__ __forceinline__ void load_part(const Matrix<const T>& from, bool vectors, int first_row,
                                          int row_end, int first_col, int rows, int cols,
                                          TileOfA& tile) {
  constexpr int n = widest<A>;
  const int in_row = cols / n;
  const auto width = static_cast<int>(from.cols);
  for (int i = static_cast<int>(threadIdx.x); i < rows * in_row;
       i += static_cast<int>(blockDim.x)) {
    const int row = i / in_row;
    const int col = i % in_row * n;
    const int source_row = first_row + row;
    const int source_col = first_col + col;
    Vector<A, n> values;
    HEDDLE_UNROLL
    for (int e = 0; e < n; ++e) {
      values[e] = A{0};
    }
    if (source_row < row_end && source_col < width) {
      if (vectors) {
        const Vector<T, n> found = load_vector<n>(from.row(source_row), source_col);
        HEDDLE_UNROLL
        for (int e = 0; e < n; ++e) {
          values[e] = widen(found[e]);
        }
      } else {
        HEDDLE_UNROLL
        for (int e = 0; e < n; ++e) {
          if (source_col + e < width) {
            values[e] = widen(from(source_row, source_col + e));
          }
        }
      }
    }
    store_shared<n>(tile.address(row, col), values);
  }
}

/// A whole tile of an operand.
template <typename T, typename A>
__device__ __forceinline__ void load_operand(const Matrix<const T>& from, bool vectors,
                                             int first_row, int row_end, int first_col,
                                             Operand<A>& tile) {
  load_part<T, A>(from, vectors, first_row, row_end, first_col, Tile<A>::edge, Tile<A>::edge, tile);
}

template <typename A>
using ThreadTile = A[Tile<A>::rows][Tile<A>::cols];

template <typename A>
__device__ __forceinline__ void clear(ThreadTile<A>& sum) {
  HEDDLE_UNROLL
  for (int i = 0; i < Tile<A>::rows; ++i) {
    HEDDLE_UNROLL
    for (int j = 0; j < Tile<A>::cols; ++j) {
      sum[i][j] = A{0};
    }
  }
}

/// sum[i][j] += left[ty + 8i] · right[tx + 16j].
template <typename A>
__device__ __forceinline__ void add_dots(Operand<A>& left, Operand<A>& right, ThreadTile<A>& sum) {
  constexpr int n = widest<A>;
  const int ty = lane_group();
  const int tx = lane_in_group();
  for (int d = 0; d < Tile<A>::edge; d += n) {  // not unrolled: 128 multiply-adds fill it
    Vector<A, n> b[Tile<A>::cols];
    HEDDLE_UNROLL
    for (int j = 0; j < Tile<A>::cols; ++j) {
      b[j] = load_shared<n>(right.address(tx + 16 * j, d));
    }
    HEDDLE_UNROLL
    for (int i = 0; i < Tile<A>::rows; ++i) {
      const Vector<A, n> a = load_shared<n>(left.address(ty + 8 * i, d));
      HEDDLE_UNROLL
      for (int e = 0; e < n; ++e) {
        HEDDLE_UNROLL
        for (int j = 0; j < Tile<A>::cols; ++j) {
          sum[i][j] = multiply_add(a[e], b[j][e], sum[i][j]);
        }
      }
    }
  }
}

/// sum[i][c] += Σ_k weights[ty + 8i][k] · x[k][tx · cols + c].
template <typename A>
__device__ __forceinline__ void add_product(Weights<A>& weights, Operand<A>& x,
                                            ThreadTile<A>& sum) {
  constexpr int n = widest<A>;
  constexpr int cols = Tile<A>::cols;
  const int ty = lane_group();
  const int tx = lane_in_group();
  for (int k = 0; k < Tile<A>::edge; k += n) {
    Vector<A, cols> b[n];
    HEDDLE_UNROLL
    for (int e = 0; e < n; ++e) {
      b[e] = load_shared<cols>(x.address(k + e, tx * cols));
    }
    HEDDLE_UNROLL
    for (int i = 0; i < Tile<A>::rows; ++i) {
      const Vector<A, n> a = load_shared<n>(weights.address(ty + 8 * i, k));
      HEDDLE_UNROLL
      for (int e = 0; e < n; ++e) {
        HEDDLE_UNROLL
        for (int c = 0; c < cols; ++c) {
          sum[i][c] = multiply_add(a[e], b[e][c], sum[i][c]);
        }
      }
    }
  }
}

template <typename A>
__device__ __forceinline__ void store_weights(const ThreadTile<A>& from, Weights<A>& weights) {
  HEDDLE_UNROLL
  for (int i = 0; i < Tile<A>::rows; ++i) {
    HEDDLE_UNROLL
    for (int j = 0; j < Tile<A>::cols; ++j) {
      weights(lane_group() + 8 * i, lane_in_group() + 16 * j) = from[i][j];
    }
  }
}

/// Row `row`, columns first_col + tx · cols … of `to`, where they exist.
template <typename T, typename A, int cols>
__device__ __forceinline__ void store_columns(const Matrix<T>& to, bool vectors, int row,
                                              int first_col, const A (&values)[cols]) {
  const int col = first_col + lane_in_group() * cols;
  if (row >= to.rows || col >= to.cols) {
    return;
  }
  if (vectors) {
    Vector<T, cols> rounded;
    HEDDLE_UNROLL
    for (int c = 0; c < cols; ++c) {
      rounded[c] = narrow<T>(values[c]);
    }
    store_vector<cols>(to.row(row), col, rounded);
  } else {
    HEDDLE_UNROLL
    for (int c = 0; c < cols; ++c) {
      if (col + c < to.cols) {
        to(row, col + c) = narrow<T>(values[c]);
      }
    }
  }
}

/// A tile in shared memory whose pitch is known at launch (whole_row).
template <typename A>
struct PitchedTile {
  SharedElements<A> all;
  int pitch;

  __device__ __forceinline__ PitchedTile(std::size_t offset, int rows, int row_pitch)
      : all(shared_elements<A>(offset, std::int64_t{rows} * row_pitch)), pitch(row_pitch) {}
  __device__ __forceinline__ A* address(int row, int col) const {
    return all.address(std::int64_t{row} * pitch + col);
  }
  __device__ __forceinline__ A get(int row, int col) const {
    return all(std::int64_t{row} * pitch + col);
  }
  __device__ __forceinline__ void set(int row, int col, A value) const {
    all(std::int64_t{row} * pitch + col) = value;
  }
};

/// `count` as a multiple of the elements in 16 bytes.
template <typename A>
__host__ __device__ constexpr int padded(int count) {
  return (count + widest<A> - 1) / widest<A> * widest<A>;
}
/// The same, in an odd number of 16-byte words: rows of one column then lie in different banks.
template <typename A>
__host__ __device__ constexpr int odd_pitch(int count) {
  const int words = (count + widest<A> - 1) / widest<A>;
  return (words + (words % 2 == 0 ? 1 : 0)) * widest<A>;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
