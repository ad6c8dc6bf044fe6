#include <algorithm>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/packed_products.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/cpu/wide_loop.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

struct LinearSizes {
  std::int64_t rows, in, out, groups;
};

/// Sizes of x and weight; `bias` may be the bias or its gradient.
LinearSizes sizes_of(const ConstView& x, const ConstView& weight, const ConstView& bias) {
  check_rank("linear_tanh", {"x", x}, 2);
  check_rank("linear_tanh", {"weight", weight}, 2);
  LinearSizes sizes{x.size(0), x.size(1), weight.size(0), 1};
  check_dense("linear_tanh", {"x", x}, {sizes.rows, sizes.in}, x.dtype);
  check_dense("linear_tanh", {"weight", weight}, {sizes.out, sizes.in}, x.dtype);
  if (bias.given) {
    check_rank("linear_tanh", {"bias", bias}, 2);
    sizes.groups = bias.size(0);
    check(sizes.groups > 0, "linear_tanh: bias is ", bias.shape, "; expected at least one group");
    check_dense("linear_tanh", {"bias", bias}, {sizes.groups, sizes.out}, x.dtype);
  }
  return sizes;
}

template <typename T>
void forward_typed(const ConstView& x_view, const ConstView& weight_view, const ConstView& bias,
                   const View& y_view) {
  const LinearSizes sizes = sizes_of(x_view, weight_view, bias);
  check_dense("linear_tanh", {"y", y_view}, {sizes.rows, sizes.out}, dtype_of<T>());
  const auto x = dense(x_view.pointer<T>(), sizes.rows, sizes.in);
  const auto weight = transposed(dense(weight_view.pointer<T>(), sizes.out, sizes.in));
  const auto y = dense(y_view.pointer<T>(), sizes.rows, sizes.out);
  // Adds the bias to a part of x · weightᵀ and takes tanh of it, while it is in the cache.
  const auto finish = [&](std::int64_t row, std::int64_t rows, std::int64_t col,
                          std::int64_t cols) {
    for (std::int64_t i = row; i < row + rows; ++i) {
      T* const z = y.data + i * sizes.out + col;
      if (!bias.given) {
        HEDDLE_INDEPENDENT
        for (std::int64_t j = 0; j < cols; ++j) {
          z[j] = vector_tanh(z[j]);
        }
        continue;
      }
      const T* const b = bias.pointer<T>() + i % sizes.groups * sizes.out + col;
      HEDDLE_INDEPENDENT
      for (std::int64_t j = 0; j < cols; ++j) {
        z[j] = vector_tanh(z[j] + b[j]);
      }
    }
  };
  if (packs_right_once(sizes.rows, sizes.out, sizes.in)) {
    multiply_packing_right<T>(x, weight, false, y, [&](std::int64_t row, std::int64_t rows) {
      run_widest([&] { finish(row, rows, 0, sizes.out); });
    });
    return;
  }
  for_each_tile(TileGrid(sizes.rows, sizes.out, sizes.in, LeftFactor::direct),
                [&](std::int64_t row, std::int64_t rows, std::int64_t col, std::int64_t cols) {
                  multiply_here<T>(part_of(x, row, rows, 0, sizes.in),
                                   part_of(weight, 0, sizes.in, col, cols), false,
                                   part_of(y, row, rows, col, cols));
                  run_widest([&] { finish(row, rows, col, cols); });
                });
}

/// dz = dy (1 − y²) and dbias in one pass. Rows r, r + groups, r + 2·groups, … share a bias, so the
/// sums run down the columns of a [rows / groups, groups·out] matrix: tiles of some columns and a
/// block of rows, whose sums are then added block by block.
template <typename T>
void dz_and_dbias(const T* y, const T* dy, std::int64_t elements, std::int64_t width, T* dz,
                  T* dbias) {
  constexpr std::int64_t tile_cols = 512;
  const std::int64_t rows = (elements + width - 1) / width;
  const std::int64_t col_tiles = (width + tile_cols - 1) / tile_cols;
  const std::int64_t tile_rows = std::max<std::int64_t>(16384 / std::min(width, tile_cols), 1);
  const std::int64_t row_tiles = (rows + tile_rows - 1) / tile_rows;
  const Scratch<T> parts(dbias == nullptr ? 0 : row_tiles * width);
  parallel_for(row_tiles * col_tiles, [&](std::int64_t tile) {
    const std::int64_t row_tile = tile / col_tiles;
    const std::int64_t col = tile % col_tiles * tile_cols;
    const std::int64_t last_row = std::min((row_tile + 1) * tile_rows, rows);
    T* const part = dbias == nullptr ? nullptr : parts.data() + row_tile * width;
    if (part != nullptr) {
      std::fill(part + col, part + std::min(col + tile_cols, width), T(0));
    }
    for (std::int64_t row = row_tile * tile_rows; row < last_row; ++row) {
      const std::int64_t begin = row * width;
      const std::int64_t end = std::min({width, col + tile_cols, elements - begin});
      HEDDLE_INDEPENDENT
      for (std::int64_t j = col; j < end; ++j) {
        dz[begin + j] = dy[begin + j] * (T(1) - y[begin + j] * y[begin + j]);
      }
      if (part != nullptr) {
        HEDDLE_INDEPENDENT
        for (std::int64_t j = col; j < end; ++j) {
          part[j] += dz[begin + j];
        }
      }
    }
  });
  if (dbias != nullptr) {
    std::fill_n(dbias, width, T(0));
    for (std::int64_t block = 0; block < row_tiles; ++block) {
      const T* const part = parts.data() + block * width;
      HEDDLE_INDEPENDENT
      for (std::int64_t j = 0; j < width; ++j) {
        dbias[j] += part[j];
      }
    }
  }
}

template <typename T>
void backward_typed(const ConstView& x_view, const ConstView& weight_view, const ConstView& y,
                    const ConstView& dy, const View& dx, const View& dweight, const View& dbias) {
  const LinearSizes sizes = sizes_of(x_view, weight_view, dbias);
  check_dense("linear_tanh", {"y", y}, {sizes.rows, sizes.out}, dtype_of<T>());
  check_dense("linear_tanh", {"dy", dy}, {sizes.rows, sizes.out}, dtype_of<T>());
  if (dx.given) {
    check_dense("linear_tanh", {"dx", dx}, x_view.shape, dtype_of<T>());
  }
  if (dweight.given) {
    check_dense("linear_tanh", {"dweight", dweight}, weight_view.shape, dtype_of<T>());
  }
  const std::int64_t elements = sizes.rows * sizes.out;
  const Scratch<T> dz_data(elements);
  const std::int64_t width = sizes.groups * sizes.out;
  if (width > 0) {
    dz_and_dbias(y.pointer<T>(), dy.pointer<T>(), elements, width, dz_data.data(),
                 dbias.given ? dbias.pointer<T>() : nullptr);
  }
  const Matrix<const T> dz = dense<const T>(dz_data.data(), sizes.rows, sizes.out);
  if (dx.given) {
    multiply<T>(dz, dense(weight_view.pointer<T>(), sizes.out, sizes.in), false,
                dense(dx.pointer<T>(), sizes.rows, sizes.in));
  }
  if (dweight.given) {
    multiply<T>(transposed(dz), dense(x_view.pointer<T>(), sizes.rows, sizes.in), false,
                dense(dweight.pointer<T>(), sizes.out, sizes.in));
  }
}

void forward(Stream&, const ConstView& x, const ConstView& weight, const ConstView& bias,
             const View& y) {
  dispatch_floating(x.dtype, "linear_tanh", [&](auto tag) {
    forward_typed<typename decltype(tag)::type>(x, weight, bias, y);
  });
}

void backward(Stream&, const ConstView& x, const ConstView& weight, const ConstView& y,
              const ConstView& dy, const View& dx, const View& dweight, const View& dbias) {
  dispatch_floating(x.dtype, "linear_tanh", [&](auto tag) {
    backward_typed<typename decltype(tag)::type>(x, weight, y, dy, dx, dweight, dbias);
  });
}

}  // namespace

LinearTanhKernels linear_tanh_kernels() { return {.forward = forward, .backward = backward}; }

}  // namespace heddle::cpu
