#include <algorithm>
#include <limits>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/pool_sizes.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

/// The part of a window inside the picture.
struct Window {
  std::int64_t first_row, last_row, first_col, last_col;  // last ones exclusive

  Window(const PoolOptions& options, const PoolSizes& sizes, std::int64_t row, std::int64_t col)
      : first_row(row * options.stride_rows - options.padding_rows),
        last_row(std::min(first_row + options.kernel_rows, sizes.rows)),
        first_col(col * options.stride_cols - options.padding_cols),
        last_col(std::min(first_col + options.kernel_cols, sizes.cols)) {
    first_row = std::max<std::int64_t>(first_row, 0);
    first_col = std::max<std::int64_t>(first_col, 0);
  }
  std::int64_t elements() const { return (last_row - first_row) * (last_col - first_col); }
};

/// Calls body(plane) for each plane, in parallel.
template <typename Body>
void for_each_plane(const PoolSizes& sizes, const Body& body) {
  const std::int64_t elements = std::max<std::int64_t>(sizes.rows * sizes.cols, 1);
  const std::int64_t per_tile = std::max<std::int64_t>(8192 / elements, 1);
  parallel_ranges(sizes.planes, per_tile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) {
      body(plane);
    }
  });
}

/// Windows of two by two side by side, the usual ones: a loop the compiler can vectorise.
template <typename T>
void max_two_by_two(const T* x, std::int64_t cols, std::int64_t out_rows, std::int64_t out_cols,
                    T* y, std::int64_t* places) {
  for (std::int64_t row = 0; row < out_rows; ++row) {
    const T* const upper = x + 2 * row * cols;
    const T* const lower = upper + cols;
    for (std::int64_t col = 0; col < out_cols; ++col) {
      const std::int64_t corner = 2 * row * cols + 2 * col;
      T best = upper[2 * col];
      std::int64_t place = corner;
      const T candidates[3] = {upper[2 * col + 1], lower[2 * col], lower[2 * col + 1]};
      const std::int64_t steps[3] = {1, cols, cols + 1};
      for (int i = 0; i < 3; ++i) {
        // A NaN wins and stays; a later equal value does not.
        const bool wins = candidates[i] > best || (candidates[i] != candidates[i] && best == best);
        best = wins ? candidates[i] : best;
        place = wins ? corner + steps[i] : place;
      }
      y[row * out_cols + col] = best;
      places[row * out_cols + col] = place;
    }
  }
}

template <typename T>
void max_plane(const PoolOptions& options, const PoolSizes& sizes, const T* x, T* y,
               std::int64_t* places) {
  for (std::int64_t row = 0; row < sizes.out_rows; ++row) {
    for (std::int64_t col = 0; col < sizes.out_cols; ++col) {
      const Window window(options, sizes, row, col);
      std::int64_t place = window.first_row * sizes.cols + window.first_col;
      T best = x[place];
      for (std::int64_t r = window.first_row; r < window.last_row; ++r) {
        for (std::int64_t c = window.first_col; c < window.last_col; ++c) {
          const T value = x[r * sizes.cols + c];
          if (value > best || (value != value && best == best)) {
            best = value;
            place = r * sizes.cols + c;
          }
        }
      }
      *y++ = best;
      *places++ = place;
    }
  }
}

template <typename T>
void max_forward_typed(const PoolOptions& options, const ConstView& x, const View& y,
                       const View& places) {
  const PoolSizes sizes = pool_sizes(options, x, y);
  check_dense("pool", {"places", places}, y.shape, DType::i64);
  const bool is_two_by_two = options.kernel_rows == 2 && options.kernel_cols == 2 &&
                             options.stride_rows == 2 && options.stride_cols == 2 &&
                             options.padding_rows == 0 && options.padding_cols == 0;
  for_each_plane(sizes, [&](std::int64_t plane) {
    const T* const from = x.pointer<T>() + plane * sizes.rows * sizes.cols;
    T* const to = y.pointer<T>() + plane * sizes.out_rows * sizes.out_cols;
    std::int64_t* const at =
        places.pointer<std::int64_t>() + plane * sizes.out_rows * sizes.out_cols;
    if (is_two_by_two) {
      max_two_by_two(from, sizes.cols, sizes.out_rows, sizes.out_cols, to, at);
    } else {
      max_plane(options, sizes, from, to, at);
    }
  });
}

template <typename T>
void max_backward_typed(const PoolOptions& options, const ConstView& places, const ConstView& dy,
                        const View& dx) {
  const PoolSizes sizes = pool_sizes(options, dx, dy);
  check_dense("pool", {"places", places}, dy.shape, DType::i64);
  const std::int64_t elements = sizes.rows * sizes.cols;
  const std::int64_t out_elements = sizes.out_rows * sizes.out_cols;
  for_each_plane(sizes, [&](std::int64_t plane) {
    T* const to = dx.pointer<T>() + plane * elements;
    const T* const from = dy.pointer<T>() + plane * out_elements;
    const std::int64_t* const at = places.pointer<std::int64_t>() + plane * out_elements;
    std::fill_n(to, elements, T(0));
    for (std::int64_t i = 0; i < out_elements; ++i) {
      check(at[i] >= 0 && at[i] < elements, "pool: a place is ", at[i], "; expected 0 … ",
            elements - 1);
      to[at[i]] += from[i];
    }
  });
}

template <typename T>
void average_forward_typed(const PoolOptions& options, const ConstView& x, const View& y) {
  const PoolSizes sizes = pool_sizes(options, x, y);
  for_each_plane(sizes, [&](std::int64_t plane) {
    const T* const from = x.pointer<T>() + plane * sizes.rows * sizes.cols;
    T* to = y.pointer<T>() + plane * sizes.out_rows * sizes.out_cols;
    for (std::int64_t row = 0; row < sizes.out_rows; ++row) {
      for (std::int64_t col = 0; col < sizes.out_cols; ++col) {
        const Window window(options, sizes, row, col);
        T sum = 0;
        for (std::int64_t r = window.first_row; r < window.last_row; ++r) {
          for (std::int64_t c = window.first_col; c < window.last_col; ++c) {
            sum += from[r * sizes.cols + c];
          }
        }
        *to++ = sum / static_cast<T>(window.elements());
      }
    }
  });
}

template <typename T>
void average_backward_typed(const PoolOptions& options, const ConstView& dy, const View& dx) {
  const PoolSizes sizes = pool_sizes(options, dx, dy);
  for_each_plane(sizes, [&](std::int64_t plane) {
    T* const to = dx.pointer<T>() + plane * sizes.rows * sizes.cols;
    const T* from = dy.pointer<T>() + plane * sizes.out_rows * sizes.out_cols;
    std::fill_n(to, sizes.rows * sizes.cols, T(0));
    for (std::int64_t row = 0; row < sizes.out_rows; ++row) {
      for (std::int64_t col = 0; col < sizes.out_cols; ++col) {
        const Window window(options, sizes, row, col);
        const T share = *from++ / static_cast<T>(window.elements());
        for (std::int64_t r = window.first_row; r < window.last_row; ++r) {
          for (std::int64_t c = window.first_col; c < window.last_col; ++c) {
            to[r * sizes.cols + c] += share;
          }
        }
      }
    }
  });
}

void max_forward(Stream&, const PoolOptions& options, const ConstView& x, const View& y,
                 const View& places) {
  dispatch_floating(x.dtype, "max_pool", [&](auto tag) {
    max_forward_typed<typename decltype(tag)::type>(options, x, y, places);
  });
}

void max_backward(Stream&, const PoolOptions& options, const ConstView& places, const ConstView& dy,
                  const View& dx) {
  dispatch_floating(dy.dtype, "max_pool", [&](auto tag) {
    max_backward_typed<typename decltype(tag)::type>(options, places, dy, dx);
  });
}

void average_forward(Stream&, const PoolOptions& options, const ConstView& x, const View& y) {
  dispatch_floating(x.dtype, "average_pool", [&](auto tag) {
    average_forward_typed<typename decltype(tag)::type>(options, x, y);
  });
}

void average_backward(Stream&, const PoolOptions& options, const ConstView& dy, const View& dx) {
  dispatch_floating(dy.dtype, "average_pool", [&](auto tag) {
    average_backward_typed<typename decltype(tag)::type>(options, dy, dx);
  });
}

}  // namespace

PoolKernels pool_kernels() {
  return {.max_forward = max_forward,
          .max_backward = max_backward,
          .average_forward = average_forward,
          .average_backward = average_backward};
}

}  // namespace heddle::cpu
