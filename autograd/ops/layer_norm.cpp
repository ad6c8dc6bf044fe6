// y = (x − mean) · rstd · scale + shift over the last dimension, rstd = 1/√(variance + ε), biased
// variance:  x and y [.., cols], scale and shift [cols]. Backward, with n = (x − mean) · rstd and
// g = dy · scale:
//   dx = rstd (g − mean of g − n · mean of g n),  dscale = Σ dy n,  dshift = Σ dy over the rows
// Ba et al., arXiv 1607.06450.

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

void check_shapes(const Variable& x, const Variable& scale, const Variable& shift) {
  check(x.rank() >= 1 && x.size(-1) >= 1, "layer_norm: x is ", x.shape(),
        "; expected [.., cols] with at least one column");
  check(scale.shape() == Shape{x.size(-1)} && shift.shape() == scale.shape(), "layer_norm: x is ",
        x.shape(), " but scale is ", scale.shape(), " and shift ", shift.shape(), "; expected [",
        x.size(-1), "] both");
  check_floating("layer_norm", x.value());
}

}  // namespace

Variable layer_norm(const Variable& x, const Variable& scale, const Variable& shift, double epsilon,
                    Where where) {
  Operation op("layer_norm", {x, scale, shift}, where);
  check_shapes(x, scale, shift);
  check(epsilon >= 0.0, "layer_norm: epsilon is ", epsilon, "; expected 0 or more");
  const Tensor rows = as_rows(x.value()).contiguous();
  const Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  const Tensor mean_of_row = Tensor::empty({rows.size(0)}, sums_type(x.dtype()), x.device());
  const Tensor rstd = Tensor::empty_like(mean_of_row);
  kernels_of(y).layer_norm.forward(stream_of(y), epsilon, rows.view(),
                                   scale.value().contiguous().view(),
                                   shift.value().contiguous().view(), as_rows(y).output_view(),
                                   mean_of_row.output_view(), rstd.output_view());
  return op.finish(
      y,
      [mean_of_row, rstd, x = op.save(x),
       scale = op.save(scale)](const BackwardCall& call) -> Variables {
        const Tensor input = as_rows(call.value(x)).contiguous();
        const Tensor factor = call.value(scale).contiguous();
        const Tensor dy = as_rows(call.dy().value()).contiguous();
        const Tensor dx = empty_if(call.wanted(0), input);
        const Tensor dscale = empty_if(call.wanted(1), factor);
        const Tensor dshift = empty_if(call.wanted(2), factor);
        kernels_of(dy).layer_norm.backward(
            stream_of(dy), input.view(), factor.view(), mean_of_row.view(), rstd.view(), dy.view(),
            optional_output(dx), optional_output(dscale), optional_output(dshift));
        return {dx.defined() ? Variable(dx.reshape(call.dy().shape())) : Variable(),
                optional_variable(dscale), optional_variable(dshift)};
      },
      [epsilon](const Variables& inputs) -> Variables {
        return {layer_norm_reference(inputs, epsilon)};
      });
}

Variable layer_norm_reference(const Variables& inputs, double epsilon) {
  const Variable& x = inputs[0];
  const Variable centred = x - mean(x, {-1}, true);
  const Variable variance = mean(square(centred), {-1}, true);
  return centred / sqrt(variance + epsilon) * inputs[1] + inputs[2];
}

}  // namespace heddle
