#include "kernels/cpu/packed_matrix.h"

#include <algorithm>

#include "kernels/cpu/wide_panels.h"

namespace heddle::cpu {

template <typename T>
void PackedMatrix<T>::pack_panel(const Matrix<const T>& b, std::int64_t panel) {
  const std::int64_t col = panel * panel_cols<T>;
  const std::int64_t cols = std::min(panel_cols<T>, cols_ - col);
  for (std::int64_t first = 0; first < depth_; first += panel_depth) {
    const std::int64_t rows = std::min(panel_depth, depth_ - first);
    const T* const start = b.data + first * b.row_stride + col * b.col_stride;
    if (b.col_stride == 1) {
      pack_rows<panel_cols<T>>([&](std::int64_t p) { return start + p * b.row_stride; }, rows, cols,
                               at(first, rows, panel));
    } else {
      pack_cols(start, b.col_stride, rows, cols, at(first, rows, panel));
    }
  }
}

template <typename T>
void PackedMatrix<T>::multiply(RowBlock<T> block, bool accumulate) const {
  if (depth_ == 0 && !accumulate) {
    for (std::int64_t i = 0; i < block.rows; ++i) {
      std::fill_n(block.c[i] + block.c_offset, cols_, T(0));
    }
  }
  const std::int64_t c_offset = block.c_offset;
  const bool is_wide = wide_registers();
  const std::int64_t together = is_wide ? wide_panels : 1;
  for (std::int64_t first = 0; first < depth_; first += panel_depth) {
    const std::int64_t rows = std::min(panel_depth, depth_ - first);
    for (std::int64_t panel = 0; panel < panels(); panel += together) {
      const std::int64_t col = panel * panel_cols<T>;
      const std::int64_t cols = std::min(together * panel_cols<T>, cols_ - col);
      block.c_offset = c_offset + col;
      if (is_wide) {
        multiply_wide_panels(block, at(first, rows, panel), rows * panel_cols<T>, rows, cols,
                             accumulate || first > 0);
      } else {
        multiply_panel(block, at(first, rows, panel), rows, cols, accumulate || first > 0);
      }
    }
    block.a_offset += rows * block.a_step;
  }
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace heddle::cpu
