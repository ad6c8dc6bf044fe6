// y = the largest of each window of x [batch, channels, rows, cols] → [batch, channels, out_rows,
// out_cols], out = (size + 2·padding − kernel) / stride + 1; padding never wins.
// dx gets each dy at the first largest place of its window, summed where windows overlap.

#include <limits>

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/pool_shape.h"
#include "autograd/ops/references.h"

namespace heddle {

Variable max_pool2d(const Variable& x, const PoolOptions& options, Where where) {
  Operation op("max_pool2d", {x}, where);
  const Shape shape = pooled_shape(op.name(), x, options);
  const Tensor y = Tensor::empty(shape, x.dtype(), x.device());
  const Tensor places = Tensor::empty(shape, DType::i64, x.device());
  kernels_of(y).pool.max_forward(stream_of(y), options, x.value().contiguous().view(),
                                 y.output_view(), places.output_view());
  return op.finish(
      y,
      [options, places, from = x.shape()](const BackwardCall& call) -> Variables {
        const Tensor dy = call.dy().value().contiguous();
        const Tensor dx = Tensor::empty(from, dy.dtype(), dy.device());
        kernels_of(dy).pool.max_backward(stream_of(dy), options, places.view(), dy.view(),
                                         dx.output_view());
        return {Variable(dx)};
      },
      [options](const Variables& inputs) -> Variables {
        return {max_pool2d_reference(inputs, options)};
      });
}

Variable max_pool2d_reference(const Variables& inputs, const PoolOptions& options) {
  const Variable& x = inputs[0];
  const Variable seen = windows(x, pool_rows(x, options), pool_cols(x, options),
                                -std::numeric_limits<double>::infinity());
  return reshape(max(seen, 2), pooled_shape("max_pool2d", x, options));
}

Variable max_pool1d(const Variable& x, std::int64_t kernel, std::int64_t stride,
                    std::int64_t padding, Where where) {
  check(x.rank() == 3, "max_pool1d: x is ", x.shape(), "; expected [batch, channels, length]");
  const Variable y = max_pool2d(reshape(x, x.shape().inserted(2, 1), where),
                                one_row(kernel, stride, padding), where);
  return reshape(y, y.shape().erased(2), where);
}

}  // namespace heddle
