#include <algorithm>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

constexpr std::int64_t tile_elements = 8192;

/// Strides of a view of rank 3.
struct Steps {
  std::int64_t outer, middle, inner;

  explicit Steps(const ConstView& view)
      : outer(view.stride(0)), middle(view.stride(1)), inner(view.stride(2)) {}
  std::int64_t operator()(std::int64_t o, std::int64_t j, std::int64_t i) const {
    return o * outer + j * middle + i * inner;
  }
};

struct IndexReader {
  const char* kernel;
  const std::int64_t* data;
  Steps steps;
  std::int64_t n;

  IndexReader(const char* name, const ConstView& index, std::int64_t limit)
      : kernel(name), data(index.pointer<std::int64_t>()), steps(index), n(limit) {}

  std::int64_t operator()(std::int64_t o, std::int64_t j, std::int64_t i) const {
    const std::int64_t value = data[steps(o, j, i)];
    check(value >= 0 && value < n, kernel, ": index[", o, ", ", j, ", ", i, "] is ", value,
          "; expected 0 ≤ index < ", n);
    return value;
  }
};

void check_views(const char* kernel, const NamedView& table, const ConstView& index,
                 const NamedView& picked) {
  check_rank(kernel, table, 3);
  check_rank(kernel, {"index", index}, 3);
  check_dtype(kernel, {"index", index}, DType::i64);
  check_shape(kernel, {"index", index}, {table.view.size(0), index.size(1), table.view.size(2)});
  check_shape(kernel, picked, index.shape);
  check_dtype(kernel, picked, table.view.dtype);
}

void gather(Stream&, const ConstView& x, const ConstView& index, const View& out) {
  constexpr const char* kernel = "gather";
  check_views(kernel, {"x", x}, index, {"out", out});
  const std::int64_t k = index.size(1);
  const std::int64_t inner = index.size(2);
  const IndexReader index_at(kernel, index, x.size(1));
  const Steps x_at(x);
  const Steps out_at(out);
  dispatch_floating(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const T* const from = x.pointer<T>();
    T* const to = out.pointer<T>();
    parallel_ranges(index.elements(), tile_elements, [&](std::int64_t begin, std::int64_t end) {
      std::int64_t o = begin / inner / k;
      std::int64_t j = begin / inner % k;
      std::int64_t i = begin % inner;
      for (std::int64_t e = begin; e < end; ++e) {
        to[out_at(o, j, i)] = from[x_at(o, index_at(o, j, i), i)];
        if (++i == inner) {
          i = 0;
          if (++j == k) {
            j = 0;
            ++o;
          }
        }
      }
    });
  });
}

void gather_backward(Stream&, const ConstView& index, const ConstView& dout, const View& dx) {
  constexpr const char* kernel = "gather_backward";
  check_views(kernel, {"dx", dx}, index, {"dout", dout});
  const std::int64_t n = dx.size(1);
  const std::int64_t inner = dx.size(2);
  const std::int64_t k = index.size(1);
  const IndexReader index_at(kernel, index, n);
  const Steps dx_at(dx);
  const Steps dout_at(dout);
  // No two tiles write to the same place: each has some of the inner positions of one outer.
  const std::int64_t width =
      std::clamp<std::int64_t>(tile_elements / std::max<std::int64_t>(n + k, 1), 16, tile_elements);
  const std::int64_t strips = (inner + width - 1) / width;
  dispatch_floating(dx.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const T* const from = dout.pointer<T>();
    T* const to = dx.pointer<T>();
    parallel_for(dx.size(0) * strips, [&](std::int64_t tile) {
      const std::int64_t o = tile / strips;
      const std::int64_t begin = tile % strips * width;
      const std::int64_t end = std::min(begin + width, inner);
      for (std::int64_t row = 0; row < n; ++row) {
        for (std::int64_t i = begin; i < end; ++i) {
          to[dx_at(o, row, i)] = T{0};
        }
      }
      for (std::int64_t j = 0; j < k; ++j) {
        for (std::int64_t i = begin; i < end; ++i) {
          to[dx_at(o, index_at(o, j, i), i)] += from[dout_at(o, j, i)];
        }
      }
    });
  });
}

}  // namespace

GatherKernels gather_kernels() { return {.forward = gather, .backward = gather_backward}; }

}  // namespace heddle::cpu
