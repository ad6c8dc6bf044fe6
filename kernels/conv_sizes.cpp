#include "kernels/conv_sizes.h"

#include "core/error.h"
#include "kernels/view_checks.h"

namespace heddle {
namespace {

std::int64_t out_size(std::int64_t size, std::int64_t kernel, std::int64_t stride,
                      std::int64_t padding, std::int64_t dilation) {
  return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

}  // namespace

ConvSizes conv_sizes(const ConvOptions& options, const ConstView& x, const ConstView& weight,
                     const ConstView& y) {
  check_rank("conv", {"x", x}, 4);
  check_rank("conv", {"weight", weight}, 4);
  check_rank("conv", {"y", y}, 4);
  check(x.size(1) == weight.size(1), "conv: x is ", x.shape, " and weight ", weight.shape,
        "; expected [batch, channels, rows, cols] and [filters, channels, kernel_rows, "
        "kernel_cols]");
  check_dense("conv", {"x", x}, x.shape, y.dtype);
  check_dense("conv", {"weight", weight}, weight.shape, y.dtype);
  check(options.stride_rows > 0 && options.stride_cols > 0 && options.dilation_rows > 0 &&
            options.dilation_cols > 0 && options.padding_rows >= 0 && options.padding_cols >= 0 &&
            weight.size(2) > 0 && weight.size(3) > 0,
        "conv: expected kernel, strides and dilations of at least 1 and no negative padding");
  ConvSizes sizes{x.size(0),      x.size(1),      x.size(2), x.size(3), weight.size(0),
                  weight.size(2), weight.size(3), y.size(2), y.size(3), options};
  check(sizes.padded_rows() > options.dilation_rows * (sizes.kernel_rows - 1) &&
            sizes.padded_cols() > options.dilation_cols * (sizes.kernel_cols - 1),
        "conv: the kernel ", weight.shape, " is larger than the padded picture ", x.shape);
  const Shape expected{sizes.batch, sizes.filters,
                       out_size(sizes.rows, sizes.kernel_rows, options.stride_rows,
                                options.padding_rows, options.dilation_rows),
                       out_size(sizes.cols, sizes.kernel_cols, options.stride_cols,
                                options.padding_cols, options.dilation_cols)};
  check_dense("conv", {"y", y}, expected, y.dtype);
  return sizes;
}

}  // namespace heddle
