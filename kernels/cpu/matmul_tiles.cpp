#include "kernels/cpu/matmul_tiles.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/packed_products.h"
#include "kernels/cpu/panels.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/wide_panels.h"

namespace heddle::cpu {
namespace {

// Rows of the left factor that are swept with one panel of the right one: they stay in the second
// cache (192 × 256 floats = 192 KiB).
constexpr std::int64_t most_rows = 192;

// A left factor with so few steps of k is read where it lies, whichever way: a line of each step is
// kept in the second cache.
constexpr std::int64_t few_steps = 128;

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

std::int64_t ceil_divide(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

/// A left factor that is not row-major is copied: groups of `group` rows side by side. A few steps
/// of k at a time, so that each cache line of the factor is fetched once for all groups.
template <std::int64_t group, typename T, typename RowAt>
void pack_left(const RowAt& row_at, std::int64_t depth, std::int64_t rows, T* packed) {
  constexpr std::int64_t steps = 8;
  for (std::int64_t first = 0; first < depth; first += steps) {
    const std::int64_t count = std::min(steps, depth - first);
    std::int64_t i = 0;
    for (; i + group <= rows; i += group) {
      T* to = packed + i * depth + first * group;
      for (std::int64_t p = 0; p < count; ++p, to += group) {
        std::memcpy(to, row_at(first + p) + i, group * sizeof(T));
      }
    }
    if (i < rows) {
      pack_rows<group>([&](std::int64_t p) { return row_at(first + p) + i; }, count, rows - i,
                       packed + i * depth + first * group);
    }
  }
}

/// Shared by all products. `left(row, rows, k, depth, a)` fills in the rows of a RowBlock;
/// `right(k, depth, col, cols, panel)` packs a panel.
template <typename T, typename Left, typename Right>
void multiply_blocks(std::int64_t k, const Left& left, const Right& right, bool accumulate,
                     const Matrix<T>& out) {
  if (k == 0) {
    for (std::int64_t i = 0; i < out.rows && !accumulate; ++i) {
      std::fill_n(out.data + i * out.row_stride, out.cols, T(0));
    }
    return;
  }
  constexpr std::int64_t panel_elements = panel_depth * panel_cols<T>;
  alignas(64) T panel[wide_panels * panel_elements];
  const bool is_wide = wide_registers();
  const std::int64_t together = is_wide ? wide_panels : 1;
  const T* a[most_rows];
  T* c[most_rows];
  for (std::int64_t row = 0; row < out.rows; row += most_rows) {
    const std::int64_t rows = std::min(most_rows, out.rows - row);
    for (std::int64_t i = 0; i < rows; ++i) {
      c[i] = out.data + (row + i) * out.row_stride;
    }
    for (std::int64_t first = 0; first < k; first += panel_depth) {
      const std::int64_t depth = std::min(panel_depth, k - first);
      const std::int64_t a_step = left(row, rows, first, depth, a);
      for (std::int64_t col = 0; col < out.cols; col += together * panel_cols<T>) {
        const std::int64_t cols = std::min(together * panel_cols<T>, out.cols - col);
        for (std::int64_t at = 0; at < cols; at += panel_cols<T>) {
          right(first, depth, col + at, std::min(panel_cols<T>, cols - at),
                panel + at / panel_cols<T> * panel_elements);
        }
        const RowBlock<T> block{a, 0, a_step, c, col, rows};
        if (is_wide) {
          multiply_wide_panels(block, panel, panel_elements, depth, cols, accumulate || first > 0);
        } else {
          multiply_panel(block, panel, depth, cols, accumulate || first > 0);
        }
      }
    }
  }
}

/// The left factor given as rows along k: packs them into `packed`, of at least
/// packed_left_elements.
template <typename T, typename RowAt>
auto packed_left(const RowAt& row_at, T* packed) {
  return [row_at, packed, is_wide = wide_registers()](std::int64_t row, std::int64_t rows,
                                                      std::int64_t first, std::int64_t depth,
                                                      const T** a) {
    const auto from = [&](std::int64_t p) { return row_at(first + p) + row; };
    const std::int64_t group = is_wide ? wide_rows : panel_rows;
    if (is_wide) {
      pack_left<wide_rows>(from, depth, rows, packed);
    } else {
      pack_left<panel_rows>(from, depth, rows, packed);
    }
    for (std::int64_t i = 0; i < rows; ++i) {
      a[i] = packed + i / group * group * depth + i % group;
    }
    return group;
  };
}

std::int64_t packed_left_elements(std::int64_t m, std::int64_t k) {
  const std::int64_t rows = std::min(m, most_rows);
  return std::max(round_up(rows, panel_rows), round_up(rows, wide_rows)) * std::min(k, panel_depth);
}

template <typename T, typename Left>
void multiply_left(const Left& left, const Matrix<const T>& b, bool accumulate,
                   const Matrix<T>& out) {
  if (b.col_stride == 1 || b.cols <= 1) {
    multiply_blocks<T>(
        b.rows, left,
        [&](std::int64_t first, std::int64_t depth, std::int64_t col, std::int64_t cols, T* panel) {
          const T* start = b.data + first * b.row_stride + col;
          pack_rows<panel_cols<T>>([&](std::int64_t p) { return start + p * b.row_stride; }, depth,
                                   cols, panel);
        },
        accumulate, out);
    return;
  }
  multiply_blocks<T>(
      b.rows, left,
      [&](std::int64_t first, std::int64_t depth, std::int64_t col, std::int64_t cols, T* panel) {
        pack_cols(b.data + first + col * b.col_stride, b.col_stride, depth, cols, panel);
      },
      accumulate, out);
}

}  // namespace

template <typename T>
void multiply_here(const Matrix<const T>& a, const Matrix<const T>& b, bool accumulate,
                   const Matrix<T>& out) {
  if (out.col_stride != 1 && out.cols > 1) {
    multiply_here(transposed(b), transposed(a), accumulate, transposed(out));
    return;
  }
  constexpr std::int64_t few_cols = 4;
  if (out.cols <= few_cols && out.rows > panel_cols<T> && !accumulate &&
      left_factor(a) == LeftFactor::direct) {
    // Panels of so few columns would be mostly empty: the rows of a become the columns.
    const Scratch<T> columns(out.rows * out.cols);
    multiply_here(transposed(b), transposed(a), false, dense(columns.data(), out.cols, out.rows));
    for (std::int64_t i = 0; i < out.rows; ++i) {
      for (std::int64_t j = 0; j < out.cols; ++j) {
        out(i, j) = columns[j * out.rows + i];
      }
    }
    return;
  }
  if (left_factor(a) == LeftFactor::direct || (wide_registers() && a.cols <= few_steps)) {
    multiply_left<T>(
        [&](std::int64_t row, std::int64_t rows, std::int64_t first, std::int64_t, const T** at) {
          for (std::int64_t i = 0; i < rows; ++i) {
            at[i] = a.data + (row + i) * a.row_stride + first * a.col_stride;
          }
          return a.col_stride;
        },
        b, accumulate, out);
    return;
  }
  const Scratch<T> packed(packed_left_elements(a.rows, a.cols));
  const auto row_at = [&](std::int64_t p) { return a.data + p * a.col_stride; };
  multiply_left<T>(packed_left<T>(row_at, packed.data()), b, accumulate, out);
}

template <typename T>
void multiply_pairs(const T* const* a, const T* const* b, std::int64_t count, bool accumulate,
                    const Matrix<T>& out) {
  const Scratch<T> packed(packed_left_elements(out.rows, count));
  multiply_blocks<T>(
      count, packed_left<T>([a](std::int64_t p) { return a[p]; }, packed.data()),
      [b](std::int64_t first, std::int64_t depth, std::int64_t col, std::int64_t cols, T* panel) {
        pack_rows<panel_cols<T>>([&](std::int64_t p) { return b[first + p] + col; }, depth, cols,
                                 panel);
      },
      accumulate, out);
}

TileGrid::TileGrid(std::int64_t m, std::int64_t n, std::int64_t k, LeftFactor left)
    : rows(m), cols(n) {
  // Half a million products take about 10 µs, several times what sharing them costs.
  constexpr std::int64_t tile_work = 1 << 19;
  const bool copies = left == LeftFactor::copied && k > few_steps;
  const std::int64_t most_cols = copies ? 512 : 256;
  const std::int64_t least_rows = copies ? 64 : 48;
  const std::int64_t most_tiles = copies ? 8 : 16;  // but for tiles that would be too large
  const std::int64_t least_cols = copies ? 256 : 32;
  const std::int64_t wanted = std::min(m * n * k / tile_work, most_tiles);
  row_tiles = ceil_divide(m, most_rows);
  col_tiles = ceil_divide(n, most_cols);
  while (row_tiles * col_tiles < wanted) {
    const bool cols_split = n >= (col_tiles + 1) * least_cols;
    const bool rows_split = m >= (row_tiles + 1) * least_rows;
    // Every row of tiles packs the right factor again, every column of tiles copies the left one.
    const bool prefers_cols = !copies || n * row_tiles > m * col_tiles;
    if (cols_split && (prefers_cols || !rows_split)) {
      ++col_tiles;
    } else if (rows_split) {
      ++row_tiles;
    } else {
      break;
    }
  }
  tile_rows = round_up(ceil_divide(m, std::max<std::int64_t>(row_tiles, 1)), panel_rows);
  tile_cols = round_up(ceil_divide(n, std::max<std::int64_t>(col_tiles, 1)), panel_cols<float>);
  row_tiles = m > 0 ? ceil_divide(m, tile_rows) : 0;
  col_tiles = n > 0 ? ceil_divide(n, tile_cols) : 0;
}

template <typename T>
void multiply(const Matrix<const T>& a, const Matrix<const T>& b, bool accumulate,
              const Matrix<T>& out) {
  if (out.col_stride != 1 && out.cols > 1) {
    multiply(transposed(b), transposed(a), accumulate, transposed(out));
    return;
  }
  const bool is_direct = left_factor(a) == LeftFactor::direct;
  if (is_direct && packs_right_once(out.rows, out.cols, a.cols)) {
    multiply_packing_right(a, b, accumulate, out, [](std::int64_t, std::int64_t) {});
    return;
  }
  if (!is_direct && b.col_stride == 1 && packs_both_once(out.rows, out.cols, a.cols)) {
    multiply_packing_both(a, b, accumulate, out);
    return;
  }
  for_each_tile(TileGrid(out.rows, out.cols, a.cols, left_factor(a)),
                [&](std::int64_t row, std::int64_t rows, std::int64_t col, std::int64_t cols) {
                  multiply_here(part_of(a, row, rows, 0, a.cols), part_of(b, 0, b.rows, col, cols),
                                accumulate, part_of(out, row, rows, col, cols));
                });
}

template void multiply_here(const Matrix<const float>&, const Matrix<const float>&, bool,
                            const Matrix<float>&);
template void multiply_here(const Matrix<const double>&, const Matrix<const double>&, bool,
                            const Matrix<double>&);
template void multiply_pairs(const float* const*, const float* const*, std::int64_t, bool,
                             const Matrix<float>&);
template void multiply_pairs(const double* const*, const double* const*, std::int64_t, bool,
                             const Matrix<double>&);
template void multiply(const Matrix<const float>&, const Matrix<const float>&, bool,
                       const Matrix<float>&);
template void multiply(const Matrix<const double>&, const Matrix<const double>&, bool,
                       const Matrix<double>&);

}  // namespace heddle::cpu
