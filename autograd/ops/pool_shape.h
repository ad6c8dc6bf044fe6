#pragma once

#include "autograd/ops/windows.h"
#include "autograd/variable.h"
#include "kernels/pool.h"

namespace heddle {

/// Shape rule of both poolings. Errors: x is not [batch, channels, rows, cols]; options out of
/// range.
Shape pooled_shape(const char* operation, const Variable& x, const PoolOptions& options);
WindowAxis pool_rows(const Variable& x, const PoolOptions& options);
WindowAxis pool_cols(const Variable& x, const PoolOptions& options);
/// A window along the last of three dimensions, as a picture of one row.
PoolOptions one_row(std::int64_t kernel, std::int64_t stride, std::int64_t padding);

}  // namespace heddle
