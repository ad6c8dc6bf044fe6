// Two-dimensional cross-correlation (the field's "convolution"):
//   y[b, f, r, c] = bias[f] + Σ weight[f, ch, i, j] x[b, ch, r·stride + i·dilation − padding, …]
// x [batch, channels, rows, cols], weight [filters, channels, kernel_rows, kernel_cols], bias
// [filters] or not given → y [batch, filters, out_rows, out_cols],
// out = (size + 2·padding − dilation·(kernel − 1) − 1) / stride + 1. Zeros beyond the picture.
// The gradients are such sums again: dx over the places that saw an element, dweight over the
// windows. One dimension is a picture of one row.

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"
#include "autograd/ops/windows.h"
#include "kernels/conv.h"

namespace heddle {
namespace {

WindowAxis row_axis(const Variable& x, const Variable& weight, const ConvOptions& options) {
  return {x.size(2), weight.size(2), options.stride_rows, options.padding_rows,
          options.dilation_rows};
}

WindowAxis col_axis(const Variable& x, const Variable& weight, const ConvOptions& options) {
  return {x.size(3), weight.size(3), options.stride_cols, options.padding_cols,
          options.dilation_cols};
}

Shape output_shape(const Variable& x, const Variable& weight, const Variable& bias,
                   const ConvOptions& options) {
  check(x.rank() == 4, "conv2d: x is ", x.shape(), "; expected [batch, channels, rows, cols]");
  check(weight.rank() == 4 && weight.size(1) == x.size(1), "conv2d: x is ", x.shape(),
        " but weight is ", weight.shape(), "; expected weight [filters, ", x.size(1),
        ", kernel_rows, kernel_cols]");
  check(!bias.defined() || bias.shape() == Shape{weight.size(0)}, "conv2d: weight is ",
        weight.shape(), " but bias is ", bias.defined() ? bias.shape() : Shape(), "; expected [",
        weight.size(0), "]");
  check_floating("conv2d", x.value());
  return {x.size(0), weight.size(0), row_axis(x, weight, options).count("conv2d", "rows"),
          col_axis(x, weight, options).count("conv2d", "cols")};
}

}  // namespace

Variable conv2d(const Variable& x, const Variable& weight, const Variable& bias,
                const ConvOptions& options, Where where) {
  Operation op("conv2d", {x, weight, bias}, where);
  const Tensor y = Tensor::empty(output_shape(x, weight, bias, options), x.dtype(), x.device());
  const Tensor shift = optional_contiguous(optional_value(bias));
  kernels_of(y).conv.forward(stream_of(y), options, x.value().contiguous().view(),
                             weight.value().contiguous().view(), optional_view(shift),
                             y.output_view());
  return op.finish(
      y,
      [options, x = op.save(x), weight = op.save(weight)](const BackwardCall& call) -> Variables {
        const Tensor input = call.value(x).contiguous();
        const Tensor filters = call.value(weight).contiguous();
        const Tensor dy = call.dy().value().contiguous();
        const Tensor dx = empty_if(call.wanted(0), input);
        const Tensor dweight = empty_if(call.wanted(1), filters);
        Tensor dbias;
        if (call.wanted(2)) {
          dbias = Tensor::empty({filters.size(0)}, dy.dtype(), dy.device());
        }
        kernels_of(dy).conv.backward(stream_of(dy), options, input.view(), filters.view(),
                                     dy.view(), optional_output(dx), optional_output(dweight),
                                     optional_output(dbias));
        return {optional_variable(dx), optional_variable(dweight), optional_variable(dbias)};
      },
      [options](const Variables& inputs) -> Variables {
        return {conv2d_reference(inputs, options)};
      });
}

Variable conv2d_reference(const Variables& inputs, const ConvOptions& options) {
  const Variable& x = inputs[0];
  const Variable& weight = inputs[1];
  const Variable& bias = inputs[2];
  const std::int64_t filters = weight.size(0);
  const std::int64_t taps = x.size(1) * weight.size(2) * weight.size(3);
  const Variable seen = windows(x, row_axis(x, weight, options), col_axis(x, weight, options), 0.0);
  const Variable columns = reshape(seen, {x.size(0), taps, seen.size(3)});
  const Variable product = matmul(reshape(weight, {filters, taps}), columns);
  const Variable y = reshape(product, output_shape(x, weight, bias, options));
  return bias.defined() ? y + reshape(bias, {filters, 1, 1}) : y;
}

Variable conv1d(const Variable& x, const Variable& weight, const Variable& bias,
                std::int64_t stride, std::int64_t padding, std::int64_t dilation, Where where) {
  check(x.rank() == 3, "conv1d: x is ", x.shape(), "; expected [batch, channels, length]");
  check(weight.rank() == 3, "conv1d: weight is ", weight.shape(),
        "; expected [filters, channels, kernel]");
  const ConvOptions options{
      .stride_cols = stride, .padding_cols = padding, .dilation_cols = dilation};
  const Variable y =
      conv2d(reshape(x, x.shape().inserted(2, 1), where),
             reshape(weight, weight.shape().inserted(2, 1), where), bias, options, where);
  return reshape(y, y.shape().erased(2), where);
}

}  // namespace heddle
