#include "kernels/cpu/packed_products.h"

#include "kernels/cpu/panels.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/wide_panels.h"

namespace heddle::cpu {
namespace {

std::int64_t ceil_divide(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

/// Steps of k that are packed before they are multiplied: both factors stay in the third cache.
constexpr std::int64_t packed_steps = 4 * panel_depth;

/// One factor of a product over `steps` steps of k, each step a contiguous row: blocks of
/// panel_depth steps, in each the columns by groups of `width`.
template <std::int64_t width, typename T>
struct PackedSteps {
  std::int64_t cols;
  T* data;

  std::int64_t groups() const { return ceil_divide(cols, width); }
  /// Of a block of `depth` steps that begins with step `first`.
  T* group(std::int64_t first, std::int64_t depth, std::int64_t at) const {
    return data + (first * groups() + at * depth) * width;
  }

  /// Fills in steps [begin, end), which lie in the block [first, first + depth), from rows
  /// `stride` apart. A few steps at a time, so that each cache line is fetched once for all groups.
  void pack(const T* rows, std::int64_t stride, std::int64_t first, std::int64_t depth,
            std::int64_t begin, std::int64_t end) const {
    constexpr std::int64_t together = 8;
    for (std::int64_t step = begin; step < end; step += together) {
      const std::int64_t steps = std::min(together, end - step);
      const T* const from = rows + step * stride;
      for (std::int64_t at = 0; at < groups(); ++at) {
        pack_rows<width>([&](std::int64_t p) { return from + p * stride + at * width; }, steps,
                         std::min(width, cols - at * width),
                         group(first, depth, at) + (step - first) * width);
      }
    }
  }
};

template <std::int64_t group, typename T>
void multiply_steps(const Matrix<const T>& a, const Matrix<const T>& b, bool accumulate,
                    const Matrix<T>& out) {
  constexpr std::int64_t steps_of_task = 32;
  constexpr std::int64_t tile_rows = group * 8;
  constexpr std::int64_t tile_panels = 2 * wide_panels;
  constexpr bool is_wide = group == wide_rows;
  PackedSteps<group, T> left{out.rows, nullptr};
  PackedSteps<panel_cols<T>, T> right{out.cols, nullptr};
  const std::int64_t most_steps = std::min(packed_steps, a.cols);
  const Scratch<T> left_data(left.groups() * group * most_steps);
  const Scratch<T> right_data(right.groups() * panel_cols<T> * most_steps);
  left.data = left_data.data();
  right.data = right_data.data();
  const std::int64_t row_tiles = ceil_divide(out.rows, tile_rows);
  const std::int64_t col_tiles = ceil_divide(right.groups(), tile_panels);
  for (std::int64_t start = 0; start < a.cols; start += packed_steps) {
    const std::int64_t steps = std::min(packed_steps, a.cols - start);
    const std::int64_t tasks = ceil_divide(steps, steps_of_task);
    parallel_for(2 * tasks, [&](std::int64_t task) {
      const std::int64_t begin = task % tasks * steps_of_task;
      const std::int64_t end = std::min(begin + steps_of_task, steps);
      const std::int64_t first = begin / panel_depth * panel_depth;
      const std::int64_t depth = std::min(panel_depth, steps - first);
      if (task < tasks) {
        left.pack(a.data + start * a.col_stride, a.col_stride, first, depth, begin, end);
      } else {
        right.pack(b.data + start * b.row_stride, b.row_stride, first, depth, begin, end);
      }
    });
    parallel_for(row_tiles * col_tiles, [&](std::int64_t tile) {
      const std::int64_t row = tile / col_tiles * tile_rows;
      const std::int64_t rows = std::min(tile_rows, out.rows - row);
      const std::int64_t first_panel = tile % col_tiles * tile_panels;
      const std::int64_t last_panel = std::min(first_panel + tile_panels, right.groups());
      const T* from[tile_rows];
      T* to[tile_rows];
      for (std::int64_t i = 0; i < rows; ++i) {
        to[i] = out.data + (row + i) * out.row_stride;
      }
      for (std::int64_t first = 0; first < steps; first += panel_depth) {
        const std::int64_t depth = std::min(panel_depth, steps - first);
        for (std::int64_t i = 0; i < rows; ++i) {
          from[i] = left.group(first, depth, (row + i) / group) + i % group;
        }
        const bool adds = accumulate || start + first > 0;
        constexpr std::int64_t together = is_wide ? wide_panels : 1;
        for (std::int64_t panel = first_panel; panel < last_panel; panel += together) {
          const std::int64_t col = panel * panel_cols<T>;
          const std::int64_t cols = std::min(together * panel_cols<T>, out.cols - col);
          const RowBlock<T> block{from, 0, group, to, col, rows};
          const T* const panels = right.group(first, depth, panel);
          if constexpr (is_wide) {
            multiply_wide_panels(block, panels, depth * panel_cols<T>, depth, cols, adds);
          } else {
            multiply_panel(block, panels, depth, cols, adds);
          }
        }
      }
    });
  }
}

}  // namespace

bool packs_right_once(std::int64_t m, std::int64_t n, std::int64_t k) {
  constexpr std::int64_t least_rows = 4 * packed_tile_rows;
  constexpr std::int64_t most_elements = std::int64_t{1} << 21;  // of the right factor
  return m >= least_rows && n >= 32 && k >= 16 && n * k <= most_elements;
}

template <typename T>
void multiply_packed_rows(const Matrix<const T>& a, const PackedMatrix<T>& right, bool accumulate,
                          const Matrix<T>& out) {
  const T* from[packed_tile_rows];
  T* to[packed_tile_rows];
  for (std::int64_t i = 0; i < out.rows; ++i) {
    from[i] = a.data + i * a.row_stride;
    to[i] = out.data + i * out.row_stride;
  }
  right.multiply({from, 0, 1, to, 0, out.rows}, accumulate);
}

bool packs_both_once(std::int64_t m, std::int64_t n, std::int64_t k) {
  return m >= 128 && n >= 128 && k >= 2 * panel_depth && m * n <= std::int64_t{1} << 22;
}

template <typename T>
void multiply_packing_both(const Matrix<const T>& a, const Matrix<const T>& b, bool accumulate,
                           const Matrix<T>& out) {
  if (wide_registers()) {
    multiply_steps<wide_rows>(a, b, accumulate, out);
  } else {
    multiply_steps<panel_rows>(a, b, accumulate, out);
  }
}

template void multiply_packed_rows(const Matrix<const float>&, const PackedMatrix<float>&, bool,
                                   const Matrix<float>&);
template void multiply_packed_rows(const Matrix<const double>&, const PackedMatrix<double>&, bool,
                                   const Matrix<double>&);
template void multiply_packing_both(const Matrix<const float>&, const Matrix<const float>&, bool,
                                    const Matrix<float>&);
template void multiply_packing_both(const Matrix<const double>&, const Matrix<const double>&, bool,
                                    const Matrix<double>&);

}  // namespace heddle::cpu
