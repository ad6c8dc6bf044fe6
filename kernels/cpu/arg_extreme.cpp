#include "kernels/cpu/arg_extreme.h"

#include <cmath>
#include <type_traits>

#include "kernels/cpu/reduce_columns.h"
#include "kernels/cpu/reduce_rows.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

/// Whether `value` is the extreme found: equal, or both NaN.
template <typename T>
bool is_found(T value, T extreme) {
  return (value == extreme) | ((value != value) & (extreme != extreme));  // no branches
}

template <typename T>
struct Found {
  T value;
  std::int64_t index;
};

/// The first place of `extreme` among neighbouring values, or `count`.
template <typename T>
std::int64_t first_place(const T* values, std::int64_t count, T extreme) {
  std::int64_t begin = 0;
  for (; begin + sum_block <= count; begin += sum_block) {
    int found = 0;
    for (std::int64_t i = begin; i < begin + sum_block; ++i) {
      const int is_here = is_found(values[i], extreme) ? 1 : 0;
      found |= is_here;
    }
    if (found != 0) {
      break;
    }
  }
  while (begin < count && !is_found(values[begin], extreme)) {
    ++begin;
  }
  return begin;
}

/// The first place of the extreme of one row. Where no place has it, all are NaN and the start
/// value of the search is left: then it is the first.
template <typename Kind, typename T>
Found<T> search_row(const T* row, std::int64_t n, std::int64_t stride) {
  T extreme = Kind::template start<T>();
  std::int64_t place = 0;
  if (stride == 1) {
    extreme = dense_extreme<Kind>(row, n);
    place = first_place(row, n, extreme);
  } else {
    for (std::int64_t i = 0; i < n; ++i) {
      extreme = Kind::of(extreme, row[i * stride]);
    }
    while (place < n && !is_found(row[place * stride], extreme)) {
      ++place;
    }
  }
  return place < n ? Found<T>{extreme, place} : Found<T>{row[0], 0};
}

template <typename T>
class Results {
 public:
  Results(const View& values, const View& indices) : values_(values), indices_(indices) {}

  void put(std::int64_t outer, std::int64_t inner, const Found<T>& found) const {
    if (values_.given) {
      values_.pointer<T>()[outer * values_.stride(0) + inner * values_.stride(1)] = found.value;
    }
    indices_.pointer<std::int64_t>()[outer * indices_.stride(0) + inner * indices_.stride(1)] =
        found.index;
  }

 private:
  const View& values_;
  const View& indices_;
};

template <typename Kind, typename T>
void search_columns(const ReduceExtent<T>& extent, const Results<T>& results) {
  extreme_columns<Kind>(extent, [&](std::int64_t first, const T* extremes, std::int64_t width) {
    const std::int64_t outer = first / extent.inner;
    const std::int64_t inner = first % extent.inner;
    const T* const x = extent.x + outer * extent.outer_stride + inner;
    std::int64_t index[strip_width<T>] = {};
    for (std::int64_t i = extent.n - 1; i >= 0; --i) {
      const T* const row = x + i * extent.n_stride;
      for (std::int64_t w = 0; w < width; ++w) {
        index[w] = is_found(row[w], extremes[w]) ? i : index[w];
      }
    }
    for (std::int64_t w = 0; w < width; ++w) {
      results.put(outer, inner + w, {x[index[w] * extent.n_stride + w], index[w]});
    }
  });
}

template <typename Kind, typename T>
void search(const ReduceExtent<T>& extent, const Results<T>& results) {
  if (extent.is_by_columns()) {
    return search_columns<Kind>(extent, results);
  }
  const std::int64_t rows_per_tile = std::max<std::int64_t>(1, row_tile / extent.n);
  parallel_ranges(extent.results(), rows_per_tile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      results.put(r / extent.inner, r % extent.inner,
                  search_row<Kind>(extent.row(r), extent.n, extent.n_stride));
    }
  });
}

}  // namespace

void arg_extreme(Stream&, ReduceOp op, const ConstView& x, const View& values,
                 const View& indices) {
  constexpr const char* kernel = "arg_extreme";
  check(op == ReduceOp::max || op == ReduceOp::min, kernel, ": got reduction ",
        static_cast<int>(op), ", expected max or min");
  check_rank(kernel, {"x", x}, 3);
  check(x.size(1) > 0, kernel, ": x is ", x.shape,
        "; the place of the largest or smallest of no values does not exist");
  const Shape shape{x.size(0), x.size(2)};
  check_shape(kernel, {"indices", indices}, shape);
  check_dtype(kernel, {"indices", indices}, DType::i64);
  if (values.given) {
    check_shape(kernel, {"values", values}, shape);
    check_dtype(kernel, {"values", values}, x.dtype);
  }
  dispatch_floating(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const ReduceExtent<T> extent(x);
    const Results<T> results(values, indices);
    op == ReduceOp::max ? search<Largest>(extent, results)
                        : search<SmallestNumber>(extent, results);
  });
}

}  // namespace heddle::cpu
