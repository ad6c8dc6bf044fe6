#pragma once

#include <cstdint>

#include "kernels/cpu/panels.h"

// The inside of matrix products for processors with AVX-512: blocks of up to 8 rows by 3 panels,
// four times as large as those of panels.h, so that less is spent on beginning and ending them.
// Every element is summed in the same order, so that its bits are the same.

namespace heddle::cpu {

/// Whether products use this file: the processor has AVX-512, and the environment variable
/// HEDDLE_AVX512 is not 0.
bool wide_registers();
/// For tests: from now on, or not any more. Errors: wanted without AVX-512.
void use_wide_registers(bool wanted);

constexpr std::int64_t wide_rows = 8;
constexpr std::int64_t wide_panels = 3;

/// As multiply_panel for up to `wide_panels` panels side by side, `panel_stride` elements apart:
/// 1 ≤ cols ≤ wide_panels · panel_cols.
template <typename T>
void multiply_wide_panels(const RowBlock<T>& block, const T* panel, std::int64_t panel_stride,
                          std::int64_t depth, std::int64_t cols, bool accumulate);

}  // namespace heddle::cpu
