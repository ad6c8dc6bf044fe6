#include <algorithm>
#include <cmath>
#include <type_traits>

#include "kernels/cpu/arg_extreme.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/reduce_columns.h"
#include "kernels/cpu/reduce_rows.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

template <typename T>
struct Result {
  T* data;
  std::int64_t inner, outer_stride, inner_stride;

  explicit Result(const View& out)
      : data(out.pointer<T>()),
        inner(out.size(1)),
        outer_stride(out.stride(0)),
        inner_stride(out.stride(1)) {}

  void put(std::int64_t result, T value) const {
    data[result / inner * outer_stride + result % inner * inner_stride] = value;
  }
  void put(std::int64_t first, const T* values, std::int64_t width) const {
    for (std::int64_t w = 0; w < width; ++w) {
      put(first + w, values[w]);
    }
  }
};

template <typename T>
void sum(const ReduceExtent<T>& extent, T divisor, const Result<T>& out) {
  if (extent.is_by_columns()) {
    sum_columns(
        extent, [](std::int64_t) { return [](T value, std::int64_t) { return value; }; },
        [&](std::int64_t first, T* sums, std::int64_t width) {
          if (divisor != 1) {
            for (std::int64_t w = 0; w < width; ++w) {
              sums[w] = sums[w] / divisor;
            }
          }
          out.put(first, sums, width);
        });
    return;
  }
  sum_rows(
      extent, [](std::int64_t, const T* dense, std::int64_t, T*) { return dense; },
      [&](std::int64_t result, T total) {
        out.put(result, divisor != 1 ? total / divisor : total);
      });
}

template <typename Kind, typename T>
void extreme(const ReduceExtent<T>& extent, const auto& finish) {
  if (extent.is_by_columns()) {
    extreme_columns<Kind>(extent, finish);
  } else {
    extreme_rows<Kind>(
        extent, [&](std::int64_t result, T value) { finish(result, &value, std::int64_t{1}); });
  }
}

/// m + log Σ exp(x − m) with m the largest x, or 0 where that is infinite or NaN.
template <typename T>
void logsumexp(const ReduceExtent<T>& extent, const Result<T>& out) {
  const Scratch<T> shifts(extent.results());
  extreme<Largest>(extent, [&](std::int64_t first, const T* values, std::int64_t width) {
    for (std::int64_t w = 0; w < width; ++w) {
      shifts[first + w] = std::isfinite(values[w]) ? values[w] : T{0};
    }
  });
  if (extent.is_by_columns()) {
    sum_columns(
        extent,
        [&](std::int64_t first) {
          return [shift = shifts.data() + first](T value, std::int64_t w) {
            return vector_exp(value - shift[w]);
          };
        },
        [&](std::int64_t first, const T* sums, std::int64_t width) {
          for (std::int64_t w = 0; w < width; ++w) {
            out.put(first + w, shifts[first + w] + vector_log(sums[w]));
          }
        });
    return;
  }
  sum_rows(
      extent,
      [&](std::int64_t result, const T* dense, std::int64_t count, T* buffer) {
        const T shift = shifts[result];
        HEDDLE_INDEPENDENT
        for (std::int64_t i = 0; i < count; ++i) {
          buffer[i] = vector_exp(dense[i] - shift);
        }
        return buffer;
      },
      [&](std::int64_t result, T total) { out.put(result, shifts[result] + vector_log(total)); });
}

template <typename T>
void reduce_floating(ReduceOp op, const ConstView& x, const View& out) {
  const ReduceExtent<T> extent(x);
  const Result<T> result(out);
  const auto finish = [&](std::int64_t first, const T* values, std::int64_t width) {
    result.put(first, values, width);
  };
  switch (op) {
    case ReduceOp::sum:
      return sum(extent, T{1}, result);
    case ReduceOp::mean:
      return sum(extent, static_cast<T>(extent.n), result);  // 0 / 0 is NaN
    case ReduceOp::max:
      return extreme<Largest>(extent, finish);
    case ReduceOp::min:
      return extreme<Smallest>(extent, finish);
    case ReduceOp::logsumexp:
      return logsumexp(extent, result);
  }
  fail("reduce: no operation ", static_cast<int>(op));
}

void reduce(Stream&, ReduceOp op, const ConstView& x, const View& out) {
  check_rank("reduce", {"x", x}, 3);
  check_shape("reduce", {"out", out}, {x.size(0), x.size(2)});
  check_dtype("reduce", {"out", out}, x.dtype);
  const bool is_extreme = op == ReduceOp::max || op == ReduceOp::min;
  check(!is_extreme || x.size(1) > 0, "reduce: x is ", x.shape,
        "; the largest or smallest of no values does not exist, expected at least one");
  if (x.dtype == DType::i64 && op == ReduceOp::sum) {
    // Unsigned, so that a sum too large wraps around.
    return sum(ReduceExtent<std::uint64_t>(x), std::uint64_t{1}, Result<std::uint64_t>(out));
  }
  dispatch_floating(x.dtype, "reduce",
                    [&]<typename T>(TypeTag<T>) { reduce_floating<T>(op, x, out); });
}

}  // namespace

ReduceKernels reduce_kernels() { return {.reduce = reduce, .arg_extreme = arg_extreme}; }

}  // namespace heddle::cpu
