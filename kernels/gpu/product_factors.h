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

/// x · y + sum, rounded once, in both builds: so a version has the same bits under sim and cuda.
template <typename A>
__device__ __forceinline__ A multiply_add(A x, A y, A sum) {
  return std::fma(x, y, sum);
}

/// A thread's share of a slab of a factor, [side, depth], on its way to shared memory: pieces of
/// `width` neighbours. What lies outside the factor (or from `end` along k on) is zero.
template <typename T, int side, int depth, int threads>
struct Slab {
  static constexpr int each = side * depth / threads;
  static constexpr int width = each < widest<T> ? each : widest<T>;
  static constexpr int pieces = each / width;
  static_assert(side * depth % threads == 0 && each % width == 0);
  static_assert(side % width == 0 && depth % width == 0);

  Vector<T, width> piece[pieces];

  struct Place {
    int along_side, along_depth;
  };
  /// Neighbouring threads take neighbouring pieces of the contiguous dimension.
  __device__ __forceinline__ static Place place_of(int i, bool depth_contiguous) {
    const int at = i * threads + static_cast<int>(threadIdx.x);
    if (depth_contiguous) {
      return {at / (depth / width), at % (depth / width) * width};
    }
    return {at % (side / width) * width, at / (side / width)};
  }

  __device__ __forceinline__ void fetch(const Factor<T>& factor, const Matrix<const T>& from,
                                        std::int64_t first_side, std::int64_t first_depth,
                                        std::int64_t end) {
    HEDDLE_UNROLL
    for (int i = 0; i < pieces; ++i) {
      const Place place = place_of(i, factor.depth_contiguous);
      const std::int64_t s = first_side + place.along_side;
      const std::int64_t p = first_depth + place.along_depth;
      const bool on_line = factor.depth_contiguous ? s < from.rows : p < end;
      const std::int64_t count = !on_line ? 0 : factor.depth_contiguous ? end - p : from.rows - s;
      if (count >= width && factor.width >= width) {
        piece[i] = factor.depth_contiguous
                       ? load_vector<width>(from.row(s), p)
                       : load_vector<width>(
                             Row<const T>{from.data + p * from.col_stride, from.rows, 1}, s);
        continue;
      }
      HEDDLE_UNROLL
      for (int j = 0; j < width; ++j) {
        piece[i][j] = T{};
        if (j < count) {
          piece[i][j] = factor.depth_contiguous ? from(s, p + j) : from(s + j, p);
        }
      }
    }
  }
};

/// N neighbours of a row from `col` on: at once where they may be, else one by one as far as they
/// lie inside.
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
    HEDDLE_UNROLL
    for (int j = 0; j < N; ++j) {
      accumulate_t<T> before = 0;
      if (accumulate && col + j < to.size) {
        before = widen<T>(to(col + j));
      }
      value[j] = narrow<T>(sum[j] + before);
    }
    store_piece(to, col, width, value);
  }
};

template <typename In, typename Out>
StoreProduct<Out> store_of(const Product<In, Out>& product) {
  return {product.out, product.out_width, product.accumulate};
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
