#pragma once

// Sums over the rows of a matrix, column by column, in a fixed order: the second stage of gradients
// that every row adds to. In the first stage each block wrote its own row; nothing is added by
// atomics, whose order would differ from run to run.

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

constexpr int column_sum_groups = 8;  // of rows

template <typename A>
struct ColumnSumsShared {
  SharedArray<A, column_sum_groups, 32> of_group;
};

// sum_columns
//   grid ⌈cols / 32⌉, block 256: 32 columns and 8 groups of rows, shared 256 numbers
//   reads parts once, 128 bytes a warp; group g sums rows g, g + 8, …; then the groups in order
template <typename T>
__global__ void sum_columns(Matrix<const accumulate_t<T>> parts, Row<T> sums) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<ColumnSumsShared<A>>();
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int group = static_cast<int>(threadIdx.x / 32);
  const std::int64_t c = std::int64_t{blockIdx.x} * 32 + lane;
  A sum = 0;
  if (c < sums.size) {
    for (std::int64_t r = group; r < parts.rows; r += column_sum_groups) {
      counted<1>(sum += parts(r, c));
    }
  }
  shared.of_group(group, lane) = sum;
  sync_threads();
  if (group == 0 && c < sums.size) {
    for (int g = 1; g < column_sum_groups; ++g) {
      counted<1>(sum += shared.of_group(g, lane));
    }
    sums(c) = narrow<T>(sum);
  }
}

/// sums[c] = Σ_r parts[r, c]; zeros where there are no rows.
template <typename T>
void launch_sum_columns(Stream& stream, const char* name,
                        const Matrix<const accumulate_t<T>>& parts, const Row<T>& sums) {
  launch(sum_columns<T>,
         Launch{name, stream, blocks_for(sums.size, 32), 32 * column_sum_groups,
                sizeof(ColumnSumsShared<accumulate_t<T>>)},
         parts, sums);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
