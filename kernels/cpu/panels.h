#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/cpu/packet.h"

// The inside of every matrix product: a block of up to 6 rows by one panel of columns stays in
// registers while the products over `depth` are added up. Each element of a result is the sum over
// k in order, one fused multiply-add after the other, in blocks of `panel_depth`; nothing else
// (number of rows, place in a tile, transposes, threads) reaches its bits.

namespace heddle::cpu {

constexpr std::int64_t panel_rows = 6;
template <typename T>
constexpr std::int64_t panel_cols = 2 * Packet<T>::width;
constexpr std::int64_t panel_depth = 256;  // one panel of 256 × 16 floats is half of a 32 KiB cache

/// panel[p][j] = row_at(p)[j] for j < cols, 0 up to `width`; each row contiguous.
template <std::int64_t width, typename T, typename RowAt>
void pack_rows(const RowAt& row_at, std::int64_t depth, std::int64_t cols, T* panel) {
  if (cols == width) {
    for (std::int64_t p = 0; p < depth; ++p) {
      if constexpr (width % Packet<T>::width == 0) {
        copy_packets<width / Packet<T>::width>(row_at(p), panel + p * width);
      } else {
        std::memcpy(panel + p * width, row_at(p), width * sizeof(T));
      }
    }
    return;
  }
  for (std::int64_t p = 0; p < depth; ++p) {
    const T* row = row_at(p);
    for (std::int64_t j = 0; j < width; ++j) {
      panel[p * width + j] = j < cols ? row[j] : T(0);
    }
  }
}

/// panel[p][j] = first[j·col_stride + p] for j < cols, 0 up to panel_cols; each column contiguous.
template <typename T>
void pack_cols(const T* first, std::int64_t col_stride, std::int64_t depth, std::int64_t cols,
               T* panel) {
  constexpr std::int64_t step = Packet<T>::width;
  constexpr std::int64_t width = panel_cols<T>;
  for (std::int64_t j = 0; j < width; j += step) {
    const T* block = first + j * col_stride;
    const bool is_full = j + step <= cols;
    std::int64_t p = 0;
    for (; is_full && p + step <= depth; p += step) {
      transpose_block(block + p, col_stride, panel + p * width + j, width);
    }
    for (std::int64_t col = 0; col < step; ++col) {
      for (std::int64_t rest = p; rest < depth; ++rest) {
        panel[rest * width + j + col] = j + col < cols ? block[col * col_stride + rest] : T(0);
      }
    }
  }
}

/// Rows of the left factor and of the result, anywhere in memory.
///   c[i][c_offset + j] (+)= Σ_p a[i][a_offset + p·a_step] · panel[p][j],  i < rows, j < cols
template <typename T>
struct RowBlock {
  const T* const* a;
  std::int64_t a_offset;
  std::int64_t a_step;
  T* const* c;
  std::int64_t c_offset;
  std::int64_t rows;
};

/// Any number of rows; 0 ≤ depth, 1 ≤ cols ≤ panel_cols. `accumulate` adds to what stands in c.
template <typename T>
void multiply_panel(const RowBlock<T>& block, const T* panel, std::int64_t depth, std::int64_t cols,
                    bool accumulate);

extern template void multiply_panel(const RowBlock<float>&, const float*, std::int64_t,
                                    std::int64_t, bool);
extern template void multiply_panel(const RowBlock<double>&, const double*, std::int64_t,
                                    std::int64_t, bool);

}  // namespace heddle::cpu
