#include <algorithm>
#include <limits>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/extreme.h"
#include "kernels/cpu/row_lengths.h"
#include "kernels/cpu/tree_sum.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/cpu/wide_loop.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

constexpr std::int64_t tile_elements = 8192;

constexpr std::int64_t together = 4;      // short rows
constexpr std::int64_t most_short = 128;  // columns of one

std::int64_t rows_per_tile(std::int64_t cols) {
  return std::max<std::int64_t>(1, tile_elements / std::max<std::int64_t>(cols, 1));
}

template <typename T>
void softmax_row(const T* x, std::int64_t count, T* y) {
  // A NaN is not lost: its exponential makes the whole row NaN.
  const T largest = dense_extreme<LargestOrNaN>(x, count);
  const T sum = tree_sum<T>(count, [&](std::int64_t begin, std::int64_t size) {
    HEDDLE_INDEPENDENT
    for (std::int64_t i = begin; i < begin + size; ++i) {
      y[i] = vector_exp(x[i] - largest);
    }
    return y + begin;
  });
  const T inverse = 1 / sum;
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) {
    y[i] = y[i] * inverse;
  }
}

/// Four short rows, step by step together: one alone would wait for its own sums. The same bits as
/// softmax_row.
template <typename T>
void softmax_short_rows(const T* x, std::int64_t x_stride, std::int64_t count, T* y,
                        std::int64_t y_stride) {
  T largest[together];
  T inverse[together];
  for (std::int64_t r = 0; r < together; ++r) {
    largest[r] = dense_extreme<LargestOrNaN>(x + r * x_stride, count);
  }
  for (std::int64_t r = 0; r < together; ++r) {
    const T* const from = x + r * x_stride;
    T* const to = y + r * y_stride;
    HEDDLE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = vector_exp(from[i] - largest[r]);
    }
  }
  for (std::int64_t r = 0; r < together; ++r) {
    inverse[r] = 1 / tree_sum(y + r * y_stride, count);
  }
  for (std::int64_t r = 0; r < together; ++r) {
    T* const to = y + r * y_stride;
    HEDDLE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = to[i] * inverse[r];
    }
  }
}

template <typename T>
void log_softmax_row(const T* x, std::int64_t count, T* y) {
  // A NaN is not lost: its exponential makes the whole row NaN.
  const T largest = dense_extreme<LargestOrNaN>(x, count);
  T terms[sum_block];
  const T sum = tree_sum<T>(count, [&](std::int64_t begin, std::int64_t size) {
    for (std::int64_t i = 0; i < size; ++i) {
      terms[i] = vector_exp(x[begin + i] - largest);
    }
    return terms;
  });
  const T log_sum = vector_log(sum);
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) {
    y[i] = (x[i] - largest) - log_sum;
  }
}

template <typename T>
void softmax_row_backward(const T* y, const T* dy, std::int64_t count, T* dx) {
  T terms[sum_block];
  const T dot = tree_sum<T>(count, [&](std::int64_t begin, std::int64_t size) {
    for (std::int64_t i = 0; i < size; ++i) {
      terms[i] = y[begin + i] * dy[begin + i];
    }
    return terms;
  });
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) {
    dx[i] = y[i] * (dy[i] - dot);
  }
}

/// As softmax_row_backward for four short rows.
template <typename T>
void softmax_short_rows_backward(const T* y, std::int64_t y_stride, const T* dy,
                                 std::int64_t dy_stride, std::int64_t count, T* dx,
                                 std::int64_t dx_stride) {
  T terms[together][most_short];
  T dot[together];
  for (std::int64_t r = 0; r < together; ++r) {
    for (std::int64_t i = 0; i < count; ++i) {
      terms[r][i] = y[r * y_stride + i] * dy[r * dy_stride + i];
    }
  }
  for (std::int64_t r = 0; r < together; ++r) {
    dot[r] = tree_sum(&terms[r][0], count);
  }
  for (std::int64_t r = 0; r < together; ++r) {
    HEDDLE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
      dx[r * dx_stride + i] = y[r * y_stride + i] * (dy[r * dy_stride + i] - dot[r]);
    }
  }
}

template <typename T>
void log_softmax_row_backward(const T* y, const T* dy, std::int64_t count, T* dx) {
  const T sum = tree_sum(dy, count);
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) {
    dx[i] = dy[i] - vector_exp(y[i]) * sum;
  }
}

void check_columns(const char* kernel, const NamedView& view) {
  check(view.view.size(1) <= 1 || view.view.stride(1) == 1, kernel, ": ", view.name,
        " has strides ", view.view.strides, "; expected neighbouring columns (a last stride of 1)");
}

void softmax(Stream&, const ConstView& x, const ConstView& lengths, bool logarithmic,
             const View& y) {
  constexpr const char* kernel = "softmax";
  check_rank(kernel, {"x", x}, 2);
  check_shape(kernel, {"y", y}, x.shape);
  check_dtype(kernel, {"y", y}, x.dtype);
  check_columns(kernel, {"x", x});
  check_columns(kernel, {"y", y});
  const std::int64_t cols = x.size(1);
  const RowLengths length_of(kernel, lengths, x.size(0), cols);
  dispatch_floating(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const T beyond = logarithmic ? -std::numeric_limits<T>::infinity() : T{0};
    const bool is_short = !logarithmic && !lengths.given && cols <= most_short;
    const auto rows = [&](std::int64_t begin, std::int64_t end) {
      std::int64_t r = begin;
      for (; is_short && r + together <= end; r += together) {
        softmax_short_rows(x.pointer<T>() + r * x.stride(0), x.stride(0), cols,
                           y.pointer<T>() + r * y.stride(0), y.stride(0));
      }
      for (; r < end; ++r) {
        const std::int64_t count = length_of[r];
        const T* const from = x.pointer<T>() + r * x.stride(0);
        T* const to = y.pointer<T>() + r * y.stride(0);
        logarithmic ? log_softmax_row(from, count, to) : softmax_row(from, count, to);
        std::fill(to + count, to + cols, beyond);
      }
    };
    parallel_ranges(x.size(0), rows_per_tile(cols), [&](std::int64_t begin, std::int64_t end) {
      run_widest([&] { rows(begin, end); });
    });
  });
}

void softmax_backward(Stream&, const ConstView& y, const ConstView& lengths, const ConstView& dy,
                      bool logarithmic, const View& dx) {
  constexpr const char* kernel = "softmax_backward";
  check_rank(kernel, {"y", y}, 2);
  for (const NamedView& view : {NamedView{"dy", dy}, NamedView{"dx", dx}}) {
    check_shape(kernel, view, y.shape);
    check_dtype(kernel, view, y.dtype);
    check_columns(kernel, view);
  }
  check_columns(kernel, {"y", y});
  const std::int64_t cols = y.size(1);
  const RowLengths length_of(kernel, lengths, y.size(0), cols);
  dispatch_floating(y.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const bool is_short = !logarithmic && !lengths.given && cols <= most_short;
    const auto rows = [&](std::int64_t begin, std::int64_t end) {
      std::int64_t r = begin;
      for (; is_short && r + together <= end; r += together) {
        softmax_short_rows_backward(y.pointer<T>() + r * y.stride(0), y.stride(0),
                                    dy.pointer<T>() + r * dy.stride(0), dy.stride(0), cols,
                                    dx.pointer<T>() + r * dx.stride(0), dx.stride(0));
      }
      for (; r < end; ++r) {
        const std::int64_t count = length_of[r];
        const T* const of_y = y.pointer<T>() + r * y.stride(0);
        const T* const of_dy = dy.pointer<T>() + r * dy.stride(0);
        T* const to = dx.pointer<T>() + r * dx.stride(0);
        logarithmic ? log_softmax_row_backward(of_y, of_dy, count, to)
                    : softmax_row_backward(of_y, of_dy, count, to);
        std::fill(to + count, to + cols, T{0});
      }
    };
    parallel_ranges(y.size(0), rows_per_tile(cols), [&](std::int64_t begin, std::int64_t end) {
      run_widest([&] { rows(begin, end); });
    });
  });
}

}  // namespace

SoftmaxKernels softmax_kernels() { return {.forward = softmax, .backward = softmax_backward}; }

}  // namespace heddle::cpu
