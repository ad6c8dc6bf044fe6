#pragma once

#include <cstdint>

#include "core/parallel.h"
#include "core/view.h"

// Matrix products for the other kernels. The bits of an element depend on its row of a, its column
// of b and k alone (panels.h), whichever of these functions computes it.

namespace heddle::cpu {

/// out = a·b (+ out) on the calling thread: a [m, k], b [k, n], out [m, n]; each row- or
/// column-major; out overlaps neither.
template <typename T>
void multiply_here(const Matrix<const T>& a, const Matrix<const T>& b, bool accumulate,
                   const Matrix<T>& out);

/// out = Σ_p a[p]ᵀ · b[p] (+ out) on the calling thread: `count` pairs of rows, a[p] [m] and b[p]
/// [n], that lie anywhere in memory; out row-major [m, n].
template <typename T>
void multiply_pairs(const T* const* a, const T* const* b, std::int64_t count, bool accumulate,
                    const Matrix<T>& out);

/// The part [row, row + rows) × [col, col + cols) of a matrix.
template <typename T>
Matrix<T> part_of(const Matrix<T>& whole, std::int64_t row, std::int64_t rows, std::int64_t col,
                  std::int64_t cols) {
  return {whole.data + row * whole.row_stride + col * whole.col_stride, rows, cols,
          whole.row_stride, whole.col_stride};
}

template <typename T>
Matrix<T> transposed(const Matrix<T>& a) {
  return {a.data, a.cols, a.rows, a.col_stride, a.row_stride};
}

/// A row-major matrix that lies dense in memory.
template <typename T>
Matrix<T> dense(T* data, std::int64_t rows, std::int64_t cols) {
  return {data, rows, cols, cols, 1};
}

/// Whether the left factor is read where it lies (row-major) or copied first by each tile.
enum class LeftFactor : std::uint8_t { direct, copied };

template <typename T>
LeftFactor left_factor(const Matrix<T>& a) {
  return a.col_stride == 1 || a.cols <= 1 ? LeftFactor::direct : LeftFactor::copied;
}

/// How an m × n result with sums over k is cut into tiles: small enough to share, large enough to
/// pay. A function of the problem alone.
struct TileGrid {
  TileGrid(std::int64_t m, std::int64_t n, std::int64_t k, LeftFactor left);

  std::int64_t rows, cols;  // of the whole
  std::int64_t tile_rows, tile_cols;
  std::int64_t row_tiles, col_tiles;

  std::int64_t tiles() const { return row_tiles * col_tiles; }
};

/// Calls body(row, rows, col, cols) for each tile, in parallel.
template <typename Body>
void for_each_tile(const TileGrid& grid, const Body& body) {
  parallel_for(grid.tiles(), [&](std::int64_t tile) {
    const std::int64_t row = tile / grid.col_tiles * grid.tile_rows;
    const std::int64_t col = tile % grid.col_tiles * grid.tile_cols;
    body(row, row + grid.tile_rows < grid.rows ? grid.tile_rows : grid.rows - row, col,
         col + grid.tile_cols < grid.cols ? grid.tile_cols : grid.cols - col);
  });
}

/// As `multiply_here`, in parallel over tiles of out.
template <typename T>
void multiply(const Matrix<const T>& a, const Matrix<const T>& b, bool accumulate,
              const Matrix<T>& out);

}  // namespace heddle::cpu
