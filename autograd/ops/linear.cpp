// y = x weightᵀ + bias:  x [.., in], weight [out, in], bias [out] or not given → y [.., out]
//   dx = dy weight,  dweight = dyᵀ x,  dbias = Σ dy over the rows

#include "autograd/ops.h"
#include "autograd/ops/matrix_product.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

void check_shapes(const Variable& x, const Variable& weight, const Variable& bias) {
  check(x.rank() >= 1, "linear: x is a single value; expected [.., in]");
  check(weight.rank() == 2 && weight.size(1) == x.size(-1), "linear: x is ", x.shape(),
        " but weight is ", weight.shape(), "; expected weight [out, ", x.size(-1), "]");
  check(!bias.defined() || bias.shape() == Shape{weight.size(0)}, "linear: weight is ",
        weight.shape(), " but bias is ", bias.defined() ? bias.shape() : Shape(), "; expected [",
        weight.size(0), "]");
  check_floating("linear", x.value());
}

}  // namespace

Variable linear(const Variable& x, const Variable& weight, const Variable& bias, Where where) {
  Operation op("linear", {x, weight, bias}, where);
  check_shapes(x, weight, bias);
  const Tensor rows = as_rows(x.value());
  Tensor y = Tensor::empty({1, rows.size(0), weight.size(0)}, x.dtype(), x.device());
  if (bias.defined()) {
    y.copy_(bias.value());
  }
  multiply_into(rows.unsqueeze(0), weight.value().transpose(0, 1).unsqueeze(0), bias.defined(), y);
  return op.finish(
      y.reshape(with_last(x.shape(), weight.size(0))),
      [x = op.save(x), weight = op.save(weight)](const BackwardCall& call) -> Variables {
        const Tensor input = call.value(x);
        const Tensor dy = as_rows(call.dy().value());
        Variables gradients(3);
        if (call.wanted(0)) {
          gradients[0] = Variable(matrix_product(dy, call.value(weight)).reshape(input.shape()));
        }
        if (call.wanted(1)) {
          gradients[1] = Variable(matrix_product(dy.transpose(0, 1), as_rows(input)));
        }
        if (call.wanted(2)) {
          gradients[2] = Variable(column_sums(dy).squeeze(0));
        }
        return gradients;
      },
      [](const Variables& inputs) -> Variables { return {linear_reference(inputs)}; });
}

Variable linear_reference(const Variables& inputs) {
  const Variable& x = inputs[0];
  const Variable& weight = inputs[1];
  const Variable& bias = inputs[2];
  const Variable rows = reshape(x, {leading_elements(x.shape()), x.size(-1)});
  const Variable product = matmul(rows, transpose(weight, 0, 1));
  return reshape(bias.defined() ? product + bias : product, with_last(x.shape(), weight.size(0)));
}

}  // namespace heddle
