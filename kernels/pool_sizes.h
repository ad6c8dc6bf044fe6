#pragma once

#include <cstdint>

#include "kernels/pool.h"

namespace heddle {

/// Sizes of one pooling.
struct PoolSizes {
  std::int64_t planes;  // batch · channels
  std::int64_t rows, cols, out_rows, out_cols;
};

/// Errors: options without meaning; x and y not contiguous, of one type and of shapes that fit.
PoolSizes pool_sizes(const PoolOptions& options, const ConstView& x, const ConstView& y);

}  // namespace heddle
