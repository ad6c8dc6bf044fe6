#pragma once

// What all matrix products share: the two factors as kernels see them, which tile of out a block
// computes, how a slab of a factor comes from global memory, and where finished sums go.
//
// Both factors are seen from their long side: `left` is a, [m, k]; `right` is bᵀ, [n, k]. So one
// piece of code brings either, and the only question is which of the two dimensions is contiguous.

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

template <typename T>
struct Factor {
  Batch<const T> elements;  // [batch, side, k]
  bool depth_contiguous;    // neighbours in memory are neighbours along k; else along the side
  int width;                // elements that may be loaded at once along the contiguous dimension
};

template <typename In, typename Out>
struct Product {
  Factor<In> left, right;
  Batch<Out> out;  // [batch, m, n], row-major
  int out_width;   // elements of out that may be stored at once
  bool accumulate;

  std::int64_t rows() const { return out.rows; }
  std::int64_t cols() const { return out.cols; }
  std::int64_t depth() const { return left.elements.cols; }
  std::int64_t batch() const { return out.batch; }
};

// ---- Host ----

namespace product_detail {

/// Strides of dimensions of size ≤ 1 mean nothing; here they become those of a row-major matrix.
template <typename T>
Batch<T> tidy(Batch<T> m) {
  if (m.cols <= 1) {
    m.col_stride = 1;
  }
  if (m.rows <= 1 && m.col_stride == 1) {
    m.row_stride = std::max<std::int64_t>(m.cols, 1);
  }
  if (m.batch <= 1) {
    m.batch_stride = 0;
  }
  return m;
}

template <typename T>
void check_major(const Batch<T>& m, const char* what) {
  check(m.col_stride == 1 || m.row_stride == 1 || m.rows <= 1, "matmul: ", what, " has row stride ",
        m.row_stride, " and column stride ", m.col_stride, "; expected one of them to be 1");
}

template <typename T>
Batch<T> transposed(const Batch<T>& m) {
  return {m.data, m.batch, m.cols, m.rows, m.batch_stride, m.col_stride, m.row_stride};
}

template <typename T>
Factor<T> factor_of(const Batch<const T>& m) {
  const bool depth_contiguous = m.col_stride == 1;
  const std::int64_t line_stride = depth_contiguous ? m.row_stride : m.col_stride;
  int width = vector_width<T>(m.data, line_stride, 0);
  while (m.batch_stride % width != 0) {
    width /= 2;
  }
  return {m, depth_contiguous, width};
}

}  // namespace product_detail

/// Checks the views, which have rank 3, as kernels/matmul.h says. A column-major out becomes the
/// transposed product, so that kernels write rows alone.
template <typename In, typename Out>
Product<In, Out> product_of(const ConstView& a_view, const ConstView& b_view, bool accumulate,
                            const View& out_view) {
  using namespace product_detail;
  ::heddle::detail::check_typed<In>(a_view, 3, "matmul: a");
  ::heddle::detail::check_typed<In>(b_view, 3, "matmul: b");
  ::heddle::detail::check_typed<Out>(out_view, 3, "matmul: out");
  Batch<const In> a = tidy(batch_of<In>(a_view));
  Batch<const In> b = tidy(batch_of<In>(b_view));
  Batch<Out> out = tidy(batch_of<Out>(out_view));
  check(a.batch == b.batch && a.batch == out.batch && a.cols == b.rows && a.rows == out.rows &&
            b.cols == out.cols,
        "matmul: got ", a_view.shape, " times ", b_view.shape, " into ", out_view.shape,
        "; expected [batch, m, k] times [batch, k, n] into [batch, m, n]");
  check(a.cols <= std::numeric_limits<int>::max() / 2, "matmul: a is ", a_view.shape,
        "; expected at most ", std::numeric_limits<int>::max() / 2, " columns");
  check_major(a, "a");
  check_major(b, "b");
  check_major(out, "out");
  if (out.col_stride != 1) {
    const Batch<const In> b_turned = product_detail::transposed(b);
    b = product_detail::transposed(a);
    a = b_turned;
    out = tidy(product_detail::transposed(out));
  }
  int out_width = vector_width<Out>(out.data, out.row_stride, 0);
  while (out.batch_stride % out_width != 0) {
    out_width /= 2;
  }
  return {factor_of(tidy(a)), factor_of(tidy(product_detail::transposed(b))), out, out_width,
          accumulate};
}

/// The tiles of out, one block each: blockIdx.x counts them, matrix by matrix. Within a matrix,
/// groups of eight rows of tiles are walked down the columns first, so that blocks which run at the
/// same time share their factors in the second cache.
struct TileOrder {
  unsigned row_tiles, col_tiles;

  struct Tile {
    std::int64_t matrix, row, col;  // in tiles
  };
  __device__ __forceinline__ Tile of(unsigned block) const {
    constexpr unsigned group_rows = 8;
    const unsigned of_matrix = row_tiles * col_tiles;
    const unsigned within = block % of_matrix;
    const unsigned group = within / (group_rows * col_tiles);
    const unsigned left = row_tiles - group * group_rows;
    const unsigned rows = left < group_rows ? left : group_rows;
    const unsigned in_group = within - group * group_rows * col_tiles;
    return {block / of_matrix, group * group_rows + in_group % rows, in_group / rows};
  }
};

inline TileOrder tiles_of(std::int64_t rows, std::int64_t cols, int tile_rows, int tile_cols) {
  return {blocks_for(rows, tile_rows), blocks_for(cols, tile_cols)};
}
/// Errors: more tiles than a grid can have.
inline unsigned blocks_of(const TileOrder& order, std::int64_t batch) {
  const std::int64_t tiles =
      checked_multiply(checked_multiply(order.row_tiles, order.col_tiles, "tiles of a product"),
                       batch, "tiles of a product");
  check(tiles <= std::numeric_limits<int>::max(), "matmul: out has ", tiles,
        " tiles; expected at most ", std::numeric_limits<int>::max());
  return static_cast<unsigned>(tiles);
}

// ---- Device ----

/// A thread's share of the slabs of a factor, [side, depth], on their way to shared memory: pieces
/// of `width` neighbours. What lies outside the factor is zero.
template <typename T, int side, int depth, int threads>
struct Slab {
  static constexpr int each = side * depth / threads;
  static constexpr int width = each < widest<T> ? each : widest<T>;
  static constexpr int pieces = each / width;
  static_assert(side * depth % threads == 0 && each % width == 0);
  static_assert(side % width == 0 && threads % (side / width) == 0);
  static_assert(depth % width == 0 && threads % (depth / width) == 0);

  Vector<T, width> piece[pieces];
  const T* next;  // the first piece of the next slab
  int side_left;  // elements from there to the end of the side, at most `side`

  struct Place {
    int along_side, along_depth;
  };
  /// Where piece i of thread t lies. Neighbouring threads take neighbouring pieces of the
  /// contiguous dimension.
  __device__ __forceinline__ static constexpr Place place_of(int i, int t, bool depth_contiguous) {
    if (depth_contiguous) {
      constexpr int in_line = depth / width;
      return {i * (threads / in_line) + t / in_line, t % in_line * width};
    }
    constexpr int in_line = side / width;
    return {t % in_line * width, i * (threads / in_line) + t / in_line};
  }

  __device__ __forceinline__ void start(const Factor<T>& factor, const Matrix<const T>& from,
                                        std::int64_t first_side, int first_depth) {
    const Place place = place_of(0, static_cast<int>(threadIdx.x), factor.depth_contiguous);
    const std::int64_t s = first_side + place.along_side;
    next = from.data + s * from.row_stride + (first_depth + place.along_depth) * from.col_stride;
    side_left = s >= from.rows ? 0 : from.rows - s < side ? static_cast<int>(from.rows - s) : side;
  }
  /// How many of the neighbours of piece i lie inside (0 or less: none), where `depth_left` of the
  /// slab's depth do.
  __device__ __forceinline__ int inside(const Factor<T>& factor, int i, int depth_left) const {
    const Place first = place_of(0, static_cast<int>(threadIdx.x), factor.depth_contiguous);
    const Place step = place_of(i, 0, factor.depth_contiguous);
    const int side_here = side_left - step.along_side;
    const int depth_here = depth_left - first.along_depth - step.along_depth;
    return side_here <= 0 || depth_here <= 0 ? 0 : factor.depth_contiguous ? depth_here : side_here;
  }
  __device__ __forceinline__ const T* address(const Factor<T>& factor, int i) const {
    const Place step = place_of(i, 0, factor.depth_contiguous);
    return next + (step.along_side * factor.elements.row_stride +
                   step.along_depth * factor.elements.col_stride);
  }
  __device__ __forceinline__ void advance(const Factor<T>& factor) {
    next += depth * factor.elements.col_stride;
  }

  /// Loads a slab into `piece` and goes on to the next.
  __device__ __forceinline__ void fetch(const Factor<T>& factor, int depth_left) {
    HEDDLE_UNROLL
    for (int i = 0; i < pieces; ++i) {
      const int count = inside(factor, i, depth_left);
      const Row<const T> line{address(factor, i), count, 1};
      if (factor.width >= width && count >= width) {
        piece[i] = load_vector<width>(line, 0);
      } else {
        HEDDLE_UNROLL
        for (int j = 0; j < width; ++j) {
          piece[i][j] = T{};
          if (j < count) {
            piece[i][j] = line(j);
          }
        }
      }
    }
    advance(factor);
  }
};

// N neighbours of a row from `col` on: at once where they may be, else one by one as far as they
// lie inside.
template <int N, typename T>
__device__ __forceinline__ Vector<T, N> load_piece(const Row<T>& row, std::int64_t col, int width) {
  if (width >= N && col + N <= row.size) {
    return load_vector<N>(row, col);
  }
  Vector<T, N> value;
  HEDDLE_UNROLL
  for (int j = 0; j < N; ++j) {
    value[j] = T{};
    if (col + j < row.size) {
      value[j] = row(col + j);
    }
  }
  return value;
}
template <int N, typename T>
__device__ __forceinline__ void store_piece(const Row<T>& row, std::int64_t col, int width,
                                            const Vector<T, N>& value) {
  if (width >= N && col + N <= row.size) {
    store_vector(row, col, value);
    return;
  }
  HEDDLE_UNROLL
  for (int j = 0; j < N; ++j) {
    if (col + j < row.size) {
      row(col + j) = value[j];
    }
  }
}

// An epilogue takes finished sums from registers to memory: it is called with a matrix, a row
// inside out, a column inside out, and the sums of that column and its N − 1 right neighbours, of
// which some may be outside.

/// out = sum (+ out).
template <typename T>
struct StoreProduct {
  Batch<T> out;
  int width;
  bool accumulate;

  template <int N>
  __device__ __forceinline__ void operator()(std::int64_t matrix, std::int64_t row,
                                             std::int64_t col,
                                             const accumulate_t<T> (&sum)[N]) const {
    const Row<T> to = out.matrix(matrix).row(row);
    Vector<T, N> value;
    if (accumulate) {
      value = load_piece<N>(to, col, width);
      HEDDLE_UNROLL
      for (int j = 0; j < N; ++j) {
        value[j] = narrow<T>(counted<1>(sum[j] + widen<T>(value[j])));
      }
    } else {
      HEDDLE_UNROLL
      for (int j = 0; j < N; ++j) {
        value[j] = narrow<T>(sum[j]);
      }
    }
    store_piece(to, col, width, value);
  }
};

template <typename In, typename Out>
StoreProduct<Out> store_of(const Product<In, Out>& product) {
  return {product.out, product.out_width, product.accumulate};
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
