// y = the mean of each window of x [batch, channels, rows, cols] → [batch, channels, out_rows,
// out_cols], out = (size + 2·padding − kernel) / stride + 1; elements in the padding do not count.
// dx gets each dy, divided by the elements that counted, summed where windows overlap.

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/pool_shape.h"
#include "autograd/ops/references.h"

namespace heddle {

Variable average_pool2d(const Variable& x, const PoolOptions& options, Where where) {
  Operation op("average_pool2d", {x}, where);
  const Tensor y = Tensor::empty(pooled_shape(op.name(), x, options), x.dtype(), x.device());
  kernels_of(y).pool.average_forward(stream_of(y), options, x.value().contiguous().view(),
                                     y.output_view());
  return op.finish(
      y,
      [options, from = x.shape()](const BackwardCall& call) -> Variables {
        const Tensor dy = call.dy().value().contiguous();
        const Tensor dx = Tensor::empty(from, dy.dtype(), dy.device());
        kernels_of(dy).pool.average_backward(stream_of(dy), options, dy.view(), dx.output_view());
        return {Variable(dx)};
      },
      [options](const Variables& inputs) -> Variables {
        return {average_pool2d_reference(inputs, options)};
      });
}

Variable average_pool2d_reference(const Variables& inputs, const PoolOptions& options) {
  const Variable& x = inputs[0];
  const WindowAxis rows = pool_rows(x, options);
  const WindowAxis cols = pool_cols(x, options);
  const Variable total = sum(windows(x, rows, cols, 0.0), {2});
  const Tensor inside = inside_picture(rows, cols).to(x.dtype()).to(x.device());
  return reshape(total / sum(Variable(inside), {0}), pooled_shape("average_pool2d", x, options));
}

Variable average_pool1d(const Variable& x, std::int64_t kernel, std::int64_t stride,
                        std::int64_t padding, Where where) {
  check(x.rank() == 3, "average_pool1d: x is ", x.shape(), "; expected [batch, channels, length]");
  const Variable y = average_pool2d(reshape(x, x.shape().inserted(2, 1), where),
                                    one_row(kernel, stride, padding), where);
  return reshape(y, y.shape().erased(2), where);
}

}  // namespace heddle
