#include "kernels/pool_sizes.h"

#include "core/error.h"
#include "kernels/view_checks.h"

namespace heddle {
namespace {

std::int64_t out_size(std::int64_t size, std::int64_t kernel, std::int64_t stride,
                      std::int64_t padding) {
  return (size + 2 * padding - kernel) / stride + 1;
}

}  // namespace

PoolSizes pool_sizes(const PoolOptions& options, const ConstView& x, const ConstView& y) {
  check(options.kernel_rows > 0 && options.kernel_cols > 0 && options.stride_rows > 0 &&
            options.stride_cols > 0 && options.padding_rows >= 0 && options.padding_cols >= 0 &&
            2 * options.padding_rows <= options.kernel_rows &&
            2 * options.padding_cols <= options.kernel_cols,
        "pool: expected positive kernels and strides, and padding of at most half the kernel");
  check_rank("pool", {"x", x}, 4);
  check_rank("pool", {"y", y}, 4);
  check(x.size(2) + 2 * options.padding_rows >= options.kernel_rows &&
            x.size(3) + 2 * options.padding_cols >= options.kernel_cols,
        "pool: the kernel is larger than the padded picture ", x.shape);
  const Shape expected{
      x.size(0), x.size(1),
      out_size(x.size(2), options.kernel_rows, options.stride_rows, options.padding_rows),
      out_size(x.size(3), options.kernel_cols, options.stride_cols, options.padding_cols)};
  check_dense("pool", {"x", x}, x.shape, y.dtype);
  check_dense("pool", {"y", y}, expected, y.dtype);
  return {x.size(0) * x.size(1), x.size(2), x.size(3), y.size(2), y.size(3)};
}

}  // namespace heddle
