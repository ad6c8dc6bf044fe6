#include <algorithm>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/matmul_tiles.h"

namespace heddle::cpu {
namespace {

/// Strides of dimensions of size ≤ 1 mean nothing; here they become those of a row-major matrix.
template <typename T>
Batch<T> tidy(Batch<T> a) {
  if (a.cols <= 1) {
    a.col_stride = 1;
  }
  if (a.rows <= 1 && a.col_stride == 1) {
    a.row_stride = std::max<std::int64_t>(a.cols, 1);
  }
  return a;
}

template <typename T>
void check_major(const Batch<T>& a, const char* what) {
  check(a.col_stride == 1 || a.row_stride == 1 || a.rows <= 1, "matmul: ", what, " has row stride ",
        a.row_stride, " and column stride ", a.col_stride, "; expected one of them to be 1");
}

template <typename T>
void multiply_typed(const ConstView& a_view, const ConstView& b_view, bool accumulate,
                    const View& out_view) {
  const auto a = tidy(batch_of<T>(a_view, "matmul: a"));
  const auto b = tidy(batch_of<T>(b_view, "matmul: b"));
  const auto out = tidy(batch_of<T>(out_view, "matmul: out"));
  check(a.batch == b.batch && a.batch == out.batch && a.cols == b.rows && a.rows == out.rows &&
            b.cols == out.cols,
        "matmul: got ", a_view.shape, " times ", b_view.shape, " into ", out_view.shape,
        "; expected [batch, m, k] times [batch, k, n] into [batch, m, n]");
  check_major(a, "a");
  check_major(b, "b");
  check_major(out, "out");
  const TileGrid grid(out.rows, out.cols, a.cols, left_factor(a[0]));
  const std::int64_t tiles = grid.tiles();
  if (out.batch == 1 || tiles == 0) {
    if (tiles > 0) {
      multiply<T>(a[0], b[0], accumulate, out[0]);
    }
    return;
  }
  // Matrices too small to be a tile of their own are shared out by the dozen.
  const std::int64_t work = std::max<std::int64_t>(out.rows * out.cols * a.cols, 1);
  const std::int64_t group =
      tiles > 1 ? 1 : std::max<std::int64_t>((std::int64_t{1} << 18) / work, 1);
  parallel_ranges(out.batch * tiles, group, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; ++at) {
      const std::int64_t matrix = at / tiles;
      const std::int64_t row = at % tiles / grid.col_tiles * grid.tile_rows;
      const std::int64_t col = at % tiles % grid.col_tiles * grid.tile_cols;
      const std::int64_t rows = std::min(grid.tile_rows, grid.rows - row);
      const std::int64_t cols = std::min(grid.tile_cols, grid.cols - col);
      multiply_here<T>(part_of(a[matrix], row, rows, 0, a.cols),
                       part_of(b[matrix], 0, b.rows, col, cols), accumulate,
                       part_of(out[matrix], row, rows, col, cols));
    }
  });
}

void multiply_any(Stream&, const ConstView& a, const ConstView& b, bool accumulate,
                  const View& out) {
  dispatch_floating(out.dtype, "matmul", [&](auto tag) {
    multiply_typed<typename decltype(tag)::type>(a, b, accumulate, out);
  });
}

}  // namespace

MatmulKernels matmul_kernels() { return {.multiply = multiply_any}; }

}  // namespace heddle::cpu
