#pragma once

#include <algorithm>
#include <cstdint>

#include "core/view.h"
#include "kernels/cpu/tree_sum.h"

namespace heddle::cpu {

/// What a reduction over the middle of x [outer, n, inner] reads. Its results are numbered outer ·
/// inner_size + inner.
template <typename T>
struct ReduceExtent {
  const T* x = nullptr;
  std::int64_t outer = 0, n = 0, inner = 0;
  std::int64_t outer_stride = 0, n_stride = 0, inner_stride = 0;

  explicit ReduceExtent(const ConstView& view)
      : x(view.pointer<T>()),
        outer(view.size(0)),
        n(view.size(1)),
        inner(view.size(2)),
        outer_stride(view.stride(0)),
        n_stride(view.stride(1)),
        inner_stride(view.stride(2)) {}

  std::int64_t results() const { return outer * inner; }
  /// The first of the n elements of one result; they are n_stride apart.
  const T* row(std::int64_t result) const {
    return x + result / inner * outer_stride + result % inner * inner_stride;
  }
  /// Whether neighbouring results, not the terms of one, lie side by side.
  bool is_by_columns() const {
    constexpr std::int64_t worthwhile = 8;
    return inner_stride == 1 && inner >= worthwhile && !(n_stride == 1 && n > 1);
  }
};

/// The `count` terms that begin at `from`, densely: themselves, or copied to `buffer`.
template <typename T>
const T* dense_terms(const T* from, std::int64_t stride, std::int64_t count, T* buffer) {
  if (stride == 1) {
    return from;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    buffer[i] = from[i * stride];
  }
  return buffer;
}

/// first[0 … width) becomes the pairwise sum of `count` such rows that lie `width` apart.
template <typename T>
void fold_rows(T* first, std::int64_t count, std::int64_t width) {
  for (std::int64_t step = 1; step < count; step *= 2) {
    for (std::int64_t i = 0; i + step < count; i += 2 * step) {
      T* const left = first + i * width;
      const T* const right = left + step * width;
      for (std::int64_t w = 0; w < width; ++w) {
        left[w] = left[w] + right[w];
      }
    }
  }
}

}  // namespace heddle::cpu
