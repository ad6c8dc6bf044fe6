#pragma once

#include <cstdint>

#include "core/view.h"
#include "kernels/cpu/panels.h"
#include "kernels/cpu/scratch.h"

namespace heddle::cpu {

/// A right factor b [depth, cols] that is used many times, kept as panels in the order in which
/// products read them.
template <typename T>
class PackedMatrix {
 public:
  PackedMatrix(std::int64_t depth, std::int64_t cols)
      : depth_(depth), cols_(cols), data_(depth * panels() * panel_cols<T>) {}

  std::int64_t depth() const { return depth_; }
  std::int64_t panels() const { return (cols_ + panel_cols<T> - 1) / panel_cols<T>; }

  /// Fills in one panel, 0 ≤ panel < panels(), from b (row- or column-major); panels may be filled
  /// in on different threads.
  void pack_panel(const Matrix<const T>& b, std::int64_t panel);

  /// c (+)= a·b for the rows of `block`.
  void multiply(RowBlock<T> block, bool accumulate) const;

 private:
  /// Of panel `panel`, the rows first, first + 1, … (`rows` of them).
  T* at(std::int64_t first, std::int64_t rows, std::int64_t panel) const {
    return data_.data() + (first * panels() + panel * rows) * panel_cols<T>;
  }

  std::int64_t depth_;
  std::int64_t cols_;
  Scratch<T> data_;
};

extern template class PackedMatrix<float>;
extern template class PackedMatrix<double>;

}  // namespace heddle::cpu
