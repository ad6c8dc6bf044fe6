// y = tanh(x weightᵀ + bias):  x [.., in], weight [out, in] → y [.., out]
// bias [out], or [groups, out] with groups the size before x's last: row r takes bias row r mod
// groups, so that x [time, batch, in] can have a bias per sample that is the same at all times.
//   dz = dy (1 − y²),  dx = dz weight,  dweight = dzᵀ x,  dbias = Σ dz over the rows of each group

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

void check_shapes(const Variable& x, const Variable& weight, const Variable& bias) {
  check(x.rank() >= 1, "linear_tanh: x is a single value; expected [.., in]");
  check(weight.rank() == 2 && weight.size(1) == x.size(-1), "linear_tanh: x is ", x.shape(),
        " but weight is ", weight.shape(), "; expected weight [out, ", x.size(-1), "]");
  check_floating("linear_tanh", x.value());
  if (!bias.defined()) {
    return;
  }
  const std::int64_t out = weight.size(0);
  const bool grouped = x.rank() >= 2 && bias.shape() == Shape{x.size(-2), out};
  check(bias.shape() == Shape{out} || grouped, "linear_tanh: x is ", x.shape(), " and weight ",
        weight.shape(), " but bias is ", bias.shape(), "; expected [", out, "] or [groups, ", out,
        "] with groups the size before x's last");
}

}  // namespace

Variable linear_tanh(const Variable& x, const Variable& weight, const Variable& bias, Where where) {
  Operation op("linear_tanh", {x, weight, bias}, where);
  check_shapes(x, weight, bias);
  const Tensor rows = as_rows(x.value()).contiguous();
  const Tensor matrix = weight.value().contiguous();
  Tensor groups;
  if (bias.defined()) {
    groups = (bias.rank() == 1 ? bias.value().unsqueeze(0) : bias.value()).contiguous();
  }
  const Tensor y = Tensor::empty({rows.size(0), weight.size(0)}, x.dtype(), x.device());
  kernels_of(y).linear_tanh.forward(stream_of(y), rows.view(), matrix.view(), optional_view(groups),
                                    y.output_view());
  const Tensor shaped = y.reshape(with_last(x.shape(), weight.size(0)));
  return op.finish(
      shaped,
      [x = op.save(x), weight = op.save(weight), bias = op.save(bias),
       y = op.save_output(shaped)](const BackwardCall& call) -> Variables {
        const Tensor input = call.value(x);
        const Tensor in_rows = as_rows(input).contiguous();
        const Tensor w = call.value(weight).contiguous();
        const Tensor dy = as_rows(call.dy().value()).contiguous();
        const Tensor dx = empty_if(call.wanted(0), in_rows);
        const Tensor dweight = empty_if(call.wanted(1), w);
        Tensor dbias;
        if (call.wanted(2)) {
          const Tensor given = call.value(bias);
          dbias = Tensor::empty(given.rank() == 1 ? Shape{1, given.size(0)} : given.shape(),
                                dy.dtype(), dy.device());
        }
        kernels_of(dy).linear_tanh.backward(
            stream_of(dy), in_rows.view(), w.view(), as_rows(call.value(y)).view(), dy.view(),
            optional_output(dx), optional_output(dweight), optional_output(dbias));
        Variables gradients(3);
        if (dx.defined()) {
          gradients[0] = Variable(dx.reshape(input.shape()));
        }
        gradients[1] = optional_variable(dweight);
        if (dbias.defined()) {
          gradients[2] = Variable(dbias.reshape(call.value(bias).shape()));
        }
        return gradients;
      },
      [](const Variables& inputs) -> Variables { return {linear_tanh_reference(inputs)}; });
}

Variable linear_tanh_reference(const Variables& inputs) {
  const Variable z = linear_reference({inputs[0], inputs[1], Variable()});
  return tanh(inputs[2].defined() ? z + inputs[2] : z);
}

}  // namespace heddle
