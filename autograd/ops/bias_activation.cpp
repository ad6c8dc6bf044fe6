// y = a(x + bias), a one of relu, gelu, sigmoid, tanh:  x [.., channels, ..], bias [channels] along
// dimension `dim` → y of x's shape
//   dx = dy a′(x + bias),  dbias = Σ dx over all dimensions but `dim`
// a′ is computed from y (relu, sigmoid, tanh) or from x and bias (gelu); nothing else is saved.

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/reduction.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

int checked_dim(const Variable& x, const Variable& bias, int dim) {
  check(x.rank() >= 1, "bias_activation: x is a single value; expected [.., channels, ..]");
  const int place = normalized_dim(dim, x.rank(), "bias_activation");
  check(bias.defined() && bias.shape() == Shape{x.size(place)}, "bias_activation: x is ", x.shape(),
        " but bias is ", bias.defined() ? to_string(bias.shape()) : "not given", "; expected [",
        x.size(place), "] along dimension ", place);
  check_floating("bias_activation", x.value());
  return place;
}

/// x as [outer, channels, inner].
Tensor channels_between(const Tensor& x, int dim) { return around(x, dim, dim + 1); }

}  // namespace

Variable bias_activation(const Variable& x, const Variable& bias, Activation activation, int dim,
                         Where where) {
  Operation op("bias_activation", {x, bias}, where);
  const int place = checked_dim(x, bias, dim);
  const Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  kernels_of(y).bias_activation.forward(
      stream_of(y), activation, channels_between(x.value().contiguous(), place).view(),
      bias.value().contiguous().view(), channels_between(y, place).output_view());
  const bool from_input = slope_needs_input(activation);
  return op.finish(
      y,
      [activation, place, from_input, x = from_input ? op.save(x) : Saved{},
       bias = from_input ? op.save(bias) : Saved{},
       y = from_input ? Saved{} : op.save_output(y)](const BackwardCall& call) -> Variables {
        const Tensor dy = channels_between(call.dy().value().contiguous(), place);
        Tensor input, offset, output;
        if (from_input) {
          input = channels_between(call.value(x).contiguous(), place);
          offset = call.value(bias).contiguous();
        } else {
          output = channels_between(call.value(y), place);
        }
        const Tensor dx = empty_if(call.wanted(0), dy);
        Tensor dbias;
        if (call.wanted(1)) {
          dbias = Tensor::empty({dy.size(1)}, dy.dtype(), dy.device());
        }
        kernels_of(dy).bias_activation.backward(
            stream_of(dy), activation, optional_view(input), optional_view(offset),
            optional_view(output), dy.view(), optional_output(dx), optional_output(dbias));
        return {dx.defined() ? Variable(dx.reshape(call.dy().shape())) : Variable(),
                optional_variable(dbias)};
      },
      [activation, place](const Variables& inputs) -> Variables {
        return {bias_activation_reference(inputs, activation, place)};
      });
}

Variable bias_activation_reference(const Variables& inputs, Activation activation, int dim) {
  const Variable& x = inputs[0];
  Shape beside = Shape{x.size(dim)};
  for (int after = dim + 1; after < x.rank(); ++after) {
    beside.push_back(1);
  }
  const Variable z = x + reshape(inputs[1], beside);
  switch (activation) {
    case Activation::relu:
      return relu(z);
    case Activation::gelu:
      return gelu(z);
    case Activation::sigmoid:
      return sigmoid(z);
    case Activation::tanh:
      break;
  }
  return tanh(z);
}

}  // namespace heddle
