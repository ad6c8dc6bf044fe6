#include "kernels/cpu/panels.h"

namespace heddle::cpu {
namespace {

/// The last panel of a matrix may have fewer columns than the registers.
template <typename T>
[[gnu::noinline]] void store_edge(const RowBlock<T>& block, std::int64_t first_row,
                                  std::int64_t rows, const T* sums, std::int64_t stride,
                                  std::int64_t cols, bool accumulate) {
  for (std::int64_t i = 0; i < rows; ++i) {
    T* const to = block.c[first_row + i] + block.c_offset;
    for (std::int64_t j = 0; j < cols; ++j) {
      to[j] = accumulate ? to[j] + sums[i * stride + j] : sums[i * stride + j];
    }
  }
}

/// `rows` × `packets` registers of sums.
template <typename T, int rows, int packets>
void multiply_registers(const RowBlock<T>& block, std::int64_t first_row, const T* panel,
                        std::int64_t depth, std::int64_t cols, bool accumulate) {
  using P = Packet<T>;
  using V = typename P::type;
  constexpr std::int64_t width = P::width;
  const T* a[rows];
  V sums[rows][packets];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
    a[i] = block.a[first_row + i] + block.a_offset;
#pragma GCC unroll 8
    for (int j = 0; j < packets; ++j) {
      sums[i][j] = P::zero();
    }
  }
  if (accumulate) {
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const T* const to = block.c[first_row + i] + block.c_offset;
      __builtin_prefetch(to, 1);
      __builtin_prefetch(to + packets * width - 1, 1);
    }
  }
  const std::int64_t step = block.a_step;
  for (std::int64_t p = 0, at = 0; p < depth; ++p, at += step, panel += panel_cols<T>) {
    V b[packets];
#pragma GCC unroll 8
    for (int j = 0; j < packets; ++j) {
      b[j] = P::load(panel + j * width);
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const V left = P::repeat(a[i] + at);
#pragma GCC unroll 8
      for (int j = 0; j < packets; ++j) {
        sums[i][j] = P::multiply_add(left, b[j], sums[i][j]);
      }
    }
  }
  if (cols < packets * width) [[unlikely]] {
    T edge[rows * packets * width];
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < packets; ++j) {
        P::store(edge + (i * packets + j) * width, sums[i][j]);
      }
    }
    store_edge(block, first_row, rows, edge, packets * width, cols, accumulate);
    return;
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
    T* const to = block.c[first_row + i] + block.c_offset;
#pragma GCC unroll 8
    for (int j = 0; j < packets; ++j) {
      P::store(to + j * width,
               accumulate ? P::add(P::load(to + j * width), sums[i][j]) : sums[i][j]);
    }
  }
}

template <typename T, int packets>
void multiply_rows(const RowBlock<T>& block, const T* panel, std::int64_t depth, std::int64_t cols,
                   bool accumulate) {
  using Kernel =
      void (*)(const RowBlock<T>&, std::int64_t, const T*, std::int64_t, std::int64_t, bool);
  static constexpr Kernel kernels[panel_rows] = {
      multiply_registers<T, 1, packets>, multiply_registers<T, 2, packets>,
      multiply_registers<T, 3, packets>, multiply_registers<T, 4, packets>,
      multiply_registers<T, 5, packets>, multiply_registers<T, 6, packets>};
  // Even groups: 6 + 5 + 5 rows keep the multipliers busier than 6 + 6 + 4.
  std::int64_t groups = (block.rows + panel_rows - 1) / panel_rows;
  for (std::int64_t row = 0; row < block.rows; --groups) {
    const std::int64_t rows = (block.rows - row + groups - 1) / groups;
    kernels[rows - 1](block, row, panel, depth, cols, accumulate);
    row += rows;
  }
}

}  // namespace

template <typename T>
void multiply_panel(const RowBlock<T>& block, const T* panel, std::int64_t depth, std::int64_t cols,
                    bool accumulate) {
  if (cols <= Packet<T>::width) {
    multiply_rows<T, 1>(block, panel, depth, cols, accumulate);
  } else {
    multiply_rows<T, 2>(block, panel, depth, cols, accumulate);
  }
}

template void multiply_panel(const RowBlock<float>&, const float*, std::int64_t, std::int64_t,
                             bool);
template void multiply_panel(const RowBlock<double>&, const double*, std::int64_t, std::int64_t,
                             bool);

}  // namespace heddle::cpu
