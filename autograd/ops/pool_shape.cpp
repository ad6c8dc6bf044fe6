#include "autograd/ops/pool_shape.h"

#include "autograd/ops/operands.h"

namespace heddle {

WindowAxis pool_rows(const Variable& x, const PoolOptions& options) {
  return {x.size(2), options.kernel_rows, options.stride_rows, options.padding_rows, 1};
}

WindowAxis pool_cols(const Variable& x, const PoolOptions& options) {
  return {x.size(3), options.kernel_cols, options.stride_cols, options.padding_cols, 1};
}

Shape pooled_shape(const char* operation, const Variable& x, const PoolOptions& options) {
  check(x.rank() == 4, operation, ": x is ", x.shape(), "; expected [batch, channels, rows, cols]");
  check_floating(operation, x.value());
  check(options.padding_rows <= options.kernel_rows / 2 &&
            options.padding_cols <= options.kernel_cols / 2,
        operation, ": padding is ", options.padding_rows, ", ", options.padding_cols,
        " for a kernel of ", options.kernel_rows, ", ", options.kernel_cols,
        "; expected at most half the kernel");
  return {x.size(0), x.size(1), pool_rows(x, options).count(operation, "rows"),
          pool_cols(x, options).count(operation, "cols")};
}

PoolOptions one_row(std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  return {.kernel_rows = 1,
          .kernel_cols = kernel,
          .stride_rows = 1,
          .stride_cols = stride,
          .padding_rows = 0,
          .padding_cols = padding};
}

}  // namespace heddle
