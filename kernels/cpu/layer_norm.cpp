#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/reduce_extent.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/tree_sum.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

constexpr std::int64_t tile_elements = 16384;
/// Rows whose dscale and dshift are added one after another; sums of tiles are then added pairwise.
constexpr std::int64_t backward_rows = 64;

template <typename T>
struct Moments {
  T mean, rstd;
};

template <typename T>
Moments<T> row_moments(const T* x, std::int64_t cols, T epsilon) {
  const T size = static_cast<T>(cols);
  const T mean = tree_sum(x, cols) / size;
  T terms[sum_block];
  const T squares = tree_sum<T>(cols, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const T centred = x[begin + i] - mean;
      terms[i] = centred * centred;
    }
    return terms;
  });
  return {mean, 1 / std::sqrt(squares / size + epsilon)};
}

template <typename T>
Moments<T> normalize_row(const T* x, std::int64_t cols, T epsilon, const T* scale, const T* shift,
                         T* y) {
  const Moments<T> moments = row_moments(x, cols, epsilon);
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < cols; ++i) {
    y[i] = (x[i] - moments.mean) * moments.rstd * scale[i] + shift[i];
  }
  return moments;
}

void layer_norm(Stream&, double epsilon, const ConstView& x, const ConstView& scale,
                const ConstView& shift, const View& y, const View& mean, const View& rstd) {
  constexpr const char* kernel = "layer_norm";
  check_rank(kernel, {"x", x}, 2);
  const std::int64_t rows = x.size(0);
  const std::int64_t cols = x.size(1);
  check_dense(kernel, {"x", x}, x.shape, x.dtype);
  check_dense(kernel, {"scale", scale}, {cols}, x.dtype);
  check_dense(kernel, {"shift", shift}, {cols}, x.dtype);
  check_dense(kernel, {"y", y}, x.shape, x.dtype);
  check_dense(kernel, {"mean", mean}, {rows}, x.dtype);
  check_dense(kernel, {"rstd", rstd}, {rows}, x.dtype);
  dispatch_floating(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const std::int64_t rows_per_tile =
        std::max<std::int64_t>(1, tile_elements / std::max<std::int64_t>(cols, 1));
    parallel_ranges(rows, rows_per_tile, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const Moments<T> moments =
            normalize_row(x.pointer<T>() + r * cols, cols, static_cast<T>(epsilon),
                          scale.pointer<T>(), shift.pointer<T>(), y.pointer<T>() + r * cols);
        mean.pointer<T>()[r] = moments.mean;
        rstd.pointer<T>()[r] = moments.rstd;
      }
    });
  });
}

template <typename T>
struct BackwardRow {
  const T* x;
  const T* dy;
  T mean, rstd;
};

/// With g = dy·scale and n = (x − mean)·rstd: dx = rstd (g − Σ g / cols − n Σ g n / cols).
template <typename T>
void normalize_row_backward(const BackwardRow<T>& row, const T* scale, std::int64_t cols, T* dx) {
  T terms[sum_block];
  const T size = static_cast<T>(cols);
  const T sum = tree_sum<T>(cols, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      terms[i] = row.dy[begin + i] * scale[begin + i];
    }
    return terms;
  });
  const T dot = tree_sum<T>(cols, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const T n = (row.x[begin + i] - row.mean) * row.rstd;
      terms[i] = row.dy[begin + i] * scale[begin + i] * n;
    }
    return terms;
  });
  const T mean_sum = sum / size;
  const T mean_dot = dot / size;
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < cols; ++i) {
    const T n = (row.x[i] - row.mean) * row.rstd;
    dx[i] = row.rstd * (row.dy[i] * scale[i] - mean_sum - n * mean_dot);
  }
}

template <typename T>
void add_parameter_row(const BackwardRow<T>& row, std::int64_t cols, T* dscale, T* dshift) {
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < cols; ++i) {
    dscale[i] = dscale[i] + row.dy[i] * ((row.x[i] - row.mean) * row.rstd);
    dshift[i] = dshift[i] + row.dy[i];
  }
}

void layer_norm_backward(Stream&, const ConstView& x, const ConstView& scale, const ConstView& mean,
                         const ConstView& rstd, const ConstView& dy, const View& dx,
                         const View& dscale, const View& dshift) {
  constexpr const char* kernel = "layer_norm_backward";
  check_rank(kernel, {"x", x}, 2);
  const std::int64_t rows = x.size(0);
  const std::int64_t cols = x.size(1);
  check_dense(kernel, {"x", x}, x.shape, x.dtype);
  check_dense(kernel, {"scale", scale}, {cols}, x.dtype);
  check_dense(kernel, {"mean", mean}, {rows}, x.dtype);
  check_dense(kernel, {"rstd", rstd}, {rows}, x.dtype);
  check_dense(kernel, {"dy", dy}, x.shape, x.dtype);
  if (dx.given) {
    check_dense(kernel, {"dx", dx}, x.shape, x.dtype);
  }
  for (const NamedView& view : {NamedView{"dscale", dscale}, NamedView{"dshift", dshift}}) {
    if (view.view.given) {
      check_dense(kernel, view, {cols}, x.dtype);
    }
  }
  const bool sums_parameters = dscale.given || dshift.given;
  const std::int64_t tiles = std::max<std::int64_t>(1, (rows + backward_rows - 1) / backward_rows);
  dispatch_floating(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    // parts[tile]: dscale, then dshift, of the tile's rows
    const Scratch<T> parts(sums_parameters ? tiles * 2 * cols : 0);
    parallel_for(tiles, [&](std::int64_t tile) {
      T* const part = sums_parameters ? parts.data() + tile * 2 * cols : nullptr;
      if (sums_parameters) {
        std::fill_n(part, 2 * cols, T{0});
      }
      const std::int64_t end = std::min((tile + 1) * backward_rows, rows);
      for (std::int64_t r = tile * backward_rows; r < end; ++r) {
        const BackwardRow<T> row{x.pointer<T>() + r * cols, dy.pointer<T>() + r * cols,
                                 mean.pointer<T>()[r], rstd.pointer<T>()[r]};
        if (dx.given) {
          normalize_row_backward(row, scale.pointer<T>(), cols, dx.pointer<T>() + r * cols);
        }
        if (sums_parameters) {
          add_parameter_row(row, cols, part, part + cols);
        }
      }
    });
    if (sums_parameters) {
      fold_rows(parts.data(), tiles, 2 * cols);
    }
    if (dscale.given) {
      std::copy_n(parts.data(), cols, dscale.pointer<T>());
    }
    if (dshift.given) {
      std::copy_n(parts.data() + cols, cols, dshift.pointer<T>());
    }
  });
}

}  // namespace

LayerNormKernels layer_norm_kernels() {
  return {.forward = layer_norm, .backward = layer_norm_backward};
}

}  // namespace heddle::cpu
