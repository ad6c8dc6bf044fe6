#include <algorithm>

#include "core/parallel.h"
#include "kernels/cpu/bias_chains.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/reduce_extent.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/tree_sum.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/wide_loop.h"

// A tile's dx is added up while it is in the first-level cache; the tiles' sums are then added
// pairwise.

namespace heddle::cpu {
namespace {

constexpr std::int64_t tile_cols = 512;

/// What backward reads and writes; null where not given.
template <typename T>
struct Gradients {
  const T* saved;  // y, or x where `bias` is given
  const T* bias;
  const T* dy;
  T* dx;
  T* dbias;
};

/// dx of `count` neighbours; `offset(j)` is what is added to saved[j].
template <typename Chain, typename T, typename Offset>
[[gnu::always_inline]] inline void slopes(const T* saved, const T* dy, std::int64_t count,
                                          const Offset& offset, T* dx) {
  HEDDLE_INDEPENDENT
  for (std::int64_t j = 0; j < count; ++j) {
    if constexpr (slope_needs_input(Chain::activation)) {
      dx[j] = Chain::slope(saved[j] + offset(j), dy[j]);
    } else {
      dx[j] = Chain::slope(saved[j], dy[j]);
    }
  }
}

template <typename Chain, typename T>
void backward_planes(const BiasSizes& sizes, const Gradients<T>& at) {
  const std::int64_t pieces = (sizes.inner + bias_tile - 1) / bias_tile;
  const std::int64_t planes = sizes.outer * sizes.channels;
  // parts[outer][piece][channel]: rows to be added
  const Scratch<T> parts(at.dbias == nullptr ? 0 : planes * pieces);
  const std::int64_t tile = std::max<std::int64_t>(1, bias_tile / sizes.inner);
  const auto tile_of_planes = [&](std::int64_t begin, std::int64_t end) {
    T buffer[tile_cols];
    for (std::int64_t p = begin; p < end; ++p) {
      const std::int64_t channel = p / pieces % sizes.channels;
      const T bias = at.bias == nullptr ? T{0} : at.bias[channel];
      const std::int64_t plane = p / pieces * sizes.inner;
      const std::int64_t last = plane + std::min((p % pieces + 1) * bias_tile, sizes.inner);
      T total = 0;
      for (std::int64_t i = plane + p % pieces * bias_tile; i < last; i += tile_cols) {
        const std::int64_t count = std::min(tile_cols, last - i);
        T* const dx = at.dx == nullptr ? buffer : at.dx + i;
        slopes<Chain>(
            at.saved + i, at.dy + i, count, [bias](std::int64_t) { return bias; }, dx);
        for (std::int64_t j = 0; at.dbias != nullptr && j < count; j += sum_block) {
          total += block_sum(dx + j, std::min(sum_block, count - j));
        }
      }
      if (at.dbias != nullptr) {
        const std::int64_t row = p / pieces / sizes.channels * pieces + p % pieces;
        parts[row * sizes.channels + channel] = total;
      }
    }
  };
  parallel_ranges(planes * pieces, tile, [&](std::int64_t begin, std::int64_t end) {
    run_widest([&] { tile_of_planes(begin, end); });
  });
  if (at.dbias != nullptr) {
    fold_rows(parts.data(), sizes.outer * pieces, sizes.channels);
    std::copy_n(parts.data(), sizes.channels, at.dbias);
  }
}

/// sums[j] += terms[j]
template <typename T>
void add_to(T* sums, const T* terms, std::int64_t count) {
  HEDDLE_INDEPENDENT
  for (std::int64_t j = 0; j < count; ++j) {
    sums[j] += terms[j];
  }
}

/// A part of the lines and of their columns.
struct LineTile {
  std::int64_t col, cols;
  std::int64_t first_line, last_line;
};

/// dx of a tile, and its sums of columns. Four lines are added to the sums at once.
template <typename Chain, typename T>
void backward_line_tile(const LineTile& tile, std::int64_t width, std::int64_t elements,
                        const T* biases, const Gradients<T>& at, T* sums) {
  constexpr std::int64_t together = 4;
  T buffer[together * tile_cols];
  std::fill_n(sums, tile.cols, T{0});
  for (std::int64_t first = tile.first_line; first < tile.last_line; first += together) {
    const T* whole[together];
    std::int64_t whole_lines = 0;
    for (std::int64_t k = 0; k < std::min(together, tile.last_line - first); ++k) {
      const std::int64_t i = (first + k) * width + tile.col;
      const std::int64_t count = std::min(tile.cols, elements - i);
      if (count <= 0) {
        break;  // the last line is shorter
      }
      T* const dx = at.dx == nullptr ? buffer + k * tile_cols : at.dx + i;
      slopes<Chain>(
          at.saved + i, at.dy + i, count, [&](std::int64_t j) { return biases[tile.col + j]; }, dx);
      if (count == tile.cols) {
        whole[whole_lines++] = dx;
      } else {
        add_to(sums, dx, count);
      }
    }
    if (whole_lines == together) {
      HEDDLE_INDEPENDENT
      for (std::int64_t j = 0; j < tile.cols; ++j) {
        sums[j] += (whole[0][j] + whole[1][j]) + (whole[2][j] + whole[3][j]);
      }
      continue;
    }
    for (std::int64_t k = 0; k < whole_lines; ++k) {
      add_to(sums, whole[k], tile.cols);
    }
  }
}

template <typename Chain, typename T>
void backward_lines(const BiasSizes& sizes, const Gradients<T>& at) {
  const std::int64_t width = sizes.repeats() * sizes.sample();
  const Scratch<T> biases(at.bias == nullptr ? 0 : width);
  if (at.bias != nullptr) {
    repeat_biases(sizes, at.bias, width, biases.data());
  }
  const std::int64_t lines = (sizes.elements() + width - 1) / width;
  const std::int64_t col_tiles = (width + tile_cols - 1) / tile_cols;
  const std::int64_t tile_lines = bias_tile / std::min(width, tile_cols);
  const std::int64_t line_tiles = (lines + tile_lines - 1) / tile_lines;
  const Scratch<T> parts(line_tiles * width);
  parallel_for(line_tiles * col_tiles, [&](std::int64_t t) {
    const std::int64_t col = t % col_tiles * tile_cols;
    const std::int64_t first_line = t / col_tiles * tile_lines;
    const LineTile tile{col, std::min(tile_cols, width - col), first_line,
                        std::min(first_line + tile_lines, lines)};
    run_widest([&] {
      backward_line_tile<Chain>(tile, width, sizes.elements(), biases.data(), at,
                                parts.data() + t / col_tiles * width + col);
    });
  });
  if (at.dbias == nullptr) {
    return;
  }
  fold_rows(parts.data(), line_tiles, width);
  for (std::int64_t channel = 0; channel < sizes.channels; ++channel) {
    T total = 0;
    for (std::int64_t j = 0; j < width; j += sizes.sample()) {
      for (std::int64_t i = 0; i < sizes.inner; ++i) {
        total += parts[j + channel * sizes.inner + i];
      }
    }
    at.dbias[channel] = total;
  }
}

}  // namespace

void bias_activation_backward(Stream&, Activation activation, const ConstView& x,
                              const ConstView& bias, const ConstView& y, const ConstView& dy,
                              const View& dx, const View& dbias) {
  constexpr const char* kernel = "bias_activation_backward";
  const BiasSizes sizes = bias_sizes(kernel, {"dy", dy});
  const bool from_input = slope_needs_input(activation);
  const ConstView& saved = from_input ? x : y;
  check_dense(kernel, {from_input ? "x" : "y", saved}, dy.shape, dy.dtype);
  if (from_input) {
    check_dense(kernel, {"bias", bias}, {sizes.channels}, dy.dtype);
  }
  if (dx.given) {
    check_dense(kernel, {"dx", dx}, dy.shape, dy.dtype);
  }
  if (dbias.given) {
    check_dense(kernel, {"dbias", dbias}, {sizes.channels}, dy.dtype);
  }
  dispatch_floating(dy.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    if (sizes.elements() == 0) {
      if (dbias.given) {
        std::fill_n(dbias.pointer<T>(), sizes.channels, T{0});
      }
      return;
    }
    const Gradients<T> at{saved.pointer<T>(), from_input ? bias.pointer<T>() : nullptr,
                          dy.pointer<T>(), dx.given ? dx.pointer<T>() : nullptr,
                          dbias.given ? dbias.pointer<T>() : nullptr};
    dispatch_chain(activation, [&]<typename Chain>(Chain) {
      const auto run = sizes.has_planes() ? backward_planes<Chain, T> : backward_lines<Chain, T>;
      run(sizes, at);
    });
  });
}

}  // namespace heddle::cpu
