#pragma once

#include "core/parallel.h"
#include "kernels/cpu/extreme.h"
#include "kernels/cpu/reduce_extent.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/vector_loop.h"

namespace heddle::cpu {

// Reductions whose neighbouring results lie side by side: a strip of them at a time, row after row.
// Sums follow the tree of tree_sum.h, each column for itself.

constexpr std::int64_t strip_bytes = 512;  // 32 lanes of a strip fit the first-level cache
template <typename T>
constexpr std::int64_t strip_width = strip_bytes / static_cast<std::int64_t>(sizeof(T));
/// Rows per tile: a power of two of blocks, so that the sums of tiles are sub-trees.
constexpr std::int64_t column_tile_blocks = 16;
constexpr std::int64_t column_tile = column_tile_blocks * sum_block;

/// Σ over up to 128 rows of term(value, column): leaves it in lanes[0 … width).
template <typename T, typename Term>
void column_block_sum(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t width,
                      const Term& term, T* lanes) {
  for (std::int64_t l = 0; l < sum_lanes; ++l) {
    T* const lane = lanes + l * width;
    const T* const first = x + l * stride;
    const std::int64_t far = sum_lanes * stride;
    if (rows == sum_block) {
      HEDDLE_INDEPENDENT
      for (std::int64_t w = 0; w < width; ++w) {
        lane[w] = ((term(first[w], w) + term(first[far + w], w)) + term(first[2 * far + w], w)) +
                  term(first[3 * far + w], w);
      }
      continue;
    }
    std::fill_n(lane, width, T{0});
    for (std::int64_t row = l; row < rows; row += sum_lanes) {
      const T* const at = x + row * stride;
      HEDDLE_INDEPENDENT
      for (std::int64_t w = 0; w < width; ++w) {
        lane[w] = lane[w] + term(at[w], w);
      }
    }
  }
  for (std::int64_t half = sum_lanes / 2 * width; half >= width; half /= 2) {
    HEDDLE_INDEPENDENT
    for (std::int64_t i = 0; i < half; ++i) {
      lanes[i] = lanes[i] + lanes[half + i];
    }
  }
}

/// Σ over rows of one tile and strip, into sums[0 … width).
template <typename T, typename Term>
void column_tile_sum(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t width,
                     const Term& term, T* sums) {
  alignas(64) T lanes[sum_lanes * strip_width<T>];
  alignas(64) T blocks[column_tile_blocks * strip_width<T>];
  const std::int64_t count = (rows + sum_block - 1) / sum_block;
  if (count == 0) {
    std::fill_n(sums, width, T{0});
    return;
  }
  for (std::int64_t b = 0; b < count; ++b) {
    const std::int64_t begin = b * sum_block;
    column_block_sum(x + begin * stride, stride, std::min(sum_block, rows - begin), width, term,
                     lanes);
    std::copy_n(lanes, width, blocks + b * width);
  }
  fold_rows(blocks, count, width);
  std::copy_n(blocks, width, sums);
}

/// Runs tile(outer, first_column, width, begin_row, end_row, result) over all tiles, `result` being
/// where the tile's part goes, then fold(parts, count, stride, width) over the parts of a strip,
/// and finish(first result, values, width).
template <typename T, typename Tile, typename Fold, typename Finish>
void reduce_columns(const ReduceExtent<T>& extent, const Tile& tile, const Fold& fold,
                    const Finish& finish) {
  const std::int64_t strips = (extent.inner + strip_width<T> - 1) / strip_width<T>;
  const std::int64_t tiles = std::max<std::int64_t>(1, (extent.n + column_tile - 1) / column_tile);
  // parts[outer · strips + strip][tile][column]
  const Scratch<T> parts(
      tiles == 1 ? 0 : checked_multiply(extent.outer * strips, tiles * strip_width<T>, "reduce"));
  const auto strip_of = [&](std::int64_t i) {
    const std::int64_t first = i % strips * strip_width<T>;
    return std::pair{first, std::min(strip_width<T>, extent.inner - first)};
  };
  parallel_for(extent.outer * strips * tiles, [&](std::int64_t i) {
    const auto [first, width] = strip_of(i / tiles);
    const std::int64_t outer = i / tiles / strips;
    const std::int64_t begin = i % tiles * column_tile;
    alignas(64) T values[strip_width<T>];
    T* const result =
        tiles == 1 ? values : parts.data() + i / tiles * tiles * strip_width<T> + i % tiles * width;
    tile(outer, first, width, begin, std::min(begin + column_tile, extent.n), result);
    if (tiles == 1) {
      finish(outer * extent.inner + first, values, width);
    }
  });
  if (tiles == 1) {
    return;
  }
  parallel_for(extent.outer * strips, [&](std::int64_t i) {
    const auto [first, width] = strip_of(i);
    T* const of_strip = parts.data() + i * tiles * strip_width<T>;
    fold(of_strip, tiles, width);
    finish(i / strips * extent.inner + first, of_strip, width);
  });
}

/// finish(first result, sums, width) with the sums of term(first result)(value, column).
template <typename T, typename TermOf, typename Finish>
void sum_columns(const ReduceExtent<T>& extent, const TermOf& term_of, const Finish& finish) {
  const auto tile = [&](std::int64_t outer, std::int64_t first, std::int64_t width,
                        std::int64_t begin, std::int64_t end, T* result) {
    const T* const x = extent.x + outer * extent.outer_stride + begin * extent.n_stride + first;
    column_tile_sum(x, extent.n_stride, end - begin, width, term_of(outer * extent.inner + first),
                    result);
  };
  reduce_columns(extent, tile, fold_rows<T>, finish);
}

/// finish(first result, extremes, width).
template <typename Kind, typename T, typename Finish>
void extreme_columns(const ReduceExtent<T>& extent, const Finish& finish) {
  const auto join = [](T* left, const T* right, std::int64_t width) {
    HEDDLE_INDEPENDENT
    for (std::int64_t w = 0; w < width; ++w) {
      left[w] = Kind::of(left[w], right[w]);
    }
  };
  const auto tile = [&](std::int64_t outer, std::int64_t first, std::int64_t width,
                        std::int64_t begin, std::int64_t end, T* result) {
    const T* const x = extent.x + outer * extent.outer_stride + first;
    std::fill_n(result, width, Kind::template start<T>());
    for (std::int64_t row = begin; row < end; ++row) {
      join(result, x + row * extent.n_stride, width);
    }
  };
  const auto fold = [&](T* parts, std::int64_t count, std::int64_t width) {
    for (std::int64_t i = 1; i < count; ++i) {
      join(parts, parts + i * width, width);
    }
  };
  reduce_columns(extent, tile, fold, finish);
}

}  // namespace heddle::cpu
