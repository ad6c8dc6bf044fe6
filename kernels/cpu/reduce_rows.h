#pragma once

#include "core/parallel.h"
#include "kernels/cpu/extreme.h"
#include "kernels/cpu/reduce_extent.h"
#include "kernels/cpu/scratch.h"

namespace heddle::cpu {

// Reductions whose terms are taken row by row: one result at a time, its terms side by side in
// memory or gathered.

/// A power of two of blocks, so that the sums of tiles are sub-trees of the whole sum.
constexpr std::int64_t row_tile = 128 * sum_block;

/// For each result r: finish(r, value), where value joins part(r, begin, end) over tiles of the n
/// terms; join(parts, count) does it in place.
template <typename T, typename Part, typename Join, typename Finish>
void reduce_rows(std::int64_t results, std::int64_t n, const Part& part, const Join& join,
                 const Finish& finish) {
  if (n <= row_tile) {
    const std::int64_t rows_per_tile =
        std::max<std::int64_t>(1, row_tile / std::max(n, std::int64_t{1}));
    parallel_ranges(results, rows_per_tile, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        finish(r, part(r, std::int64_t{0}, n));
      }
    });
    return;
  }
  const std::int64_t tiles = (n + row_tile - 1) / row_tile;
  const Scratch<T> parts(checked_multiply(results, tiles, "reduce"));
  parallel_for(results * tiles, [&](std::int64_t i) {
    const std::int64_t begin = i % tiles * row_tile;
    parts[i] = part(i / tiles, begin, std::min(begin + row_tile, n));
  });
  parallel_ranges(results, row_tile / 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      finish(r, join(parts.data() + r * tiles, tiles));
    }
  });
}

/// finish(r, sum) with the sum of the terms of each result; terms(result, dense, count, buffer)
/// points at the terms made of `count` dense elements: those, or something put into `buffer` (which
/// may be where they are).
template <typename T, typename Terms, typename Finish>
void sum_rows(const ReduceExtent<T>& extent, const Terms& terms, const Finish& finish) {
  const auto part = [&](std::int64_t result, std::int64_t begin, std::int64_t end) {
    const T* const first = extent.row(result) + begin * extent.n_stride;
    T buffer[sum_block];
    return tree_sum<T>(end - begin, [&](std::int64_t from, std::int64_t count) {
      const T* dense = dense_terms(first + from * extent.n_stride, extent.n_stride, count, buffer);
      return terms(result, dense, count, buffer);
    });
  };
  const auto join = [](T* parts, std::int64_t count) {
    fold_rows(parts, count, 1);
    return parts[0];
  };
  reduce_rows<T>(extent.results(), extent.n, part, join, finish);
}

/// finish(r, extreme of its terms).
template <typename Kind, typename T, typename Finish>
void extreme_rows(const ReduceExtent<T>& extent, const Finish& finish) {
  const auto part = [&](std::int64_t result, std::int64_t begin, std::int64_t end) {
    const T* const first = extent.row(result) + begin * extent.n_stride;
    if (extent.n_stride == 1) {
      return dense_extreme<Kind>(first, end - begin);
    }
    T extreme = Kind::template start<T>();
    for (std::int64_t i = 0; i < end - begin; ++i) {
      extreme = Kind::of(extreme, first[i * extent.n_stride]);
    }
    return extreme;
  };
  const auto join = [](const T* parts, std::int64_t count) {
    return dense_extreme<Kind>(parts, count);
  };
  reduce_rows<T>(extent.results(), extent.n, part, join, finish);
}

}  // namespace heddle::cpu
