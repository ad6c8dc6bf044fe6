#include "layers/linear.h"

#include "autograd/ops.h"
#include "layers/initialise.h"
#include "layers/mixed_precision.h"
#include "layers/with_bias.h"

namespace heddle {

Linear::Linear(std::int64_t in, std::int64_t out, const Generator& generator,
               LinearOptions options) {
  Generator stream = generator.named("weight");
  weight = Variable(xavier_uniform({out, in}, in, out, stream, options.dtype), true);
  if (options.bias) {
    bias = Variable(Tensor::zeros({out}, options.dtype), true);
  }
}

Variable Linear::operator()(const Variable& x) const {
  return linear(x, cast_like(weight, x), cast_like(bias, x));
}

Variable Linear::operator()(const Variable& x, Activation activation) const {
  if (activation == Activation::tanh) {
    return linear_tanh(x, cast_like(weight, x), cast_like(bias, x));
  }
  return with_bias(linear(x, cast_like(weight, x), {}), bias, activation, -1);
}

void Linear::visit(Visitor& visitor) {
  visitor.parameter("weight", weight);
  visitor.parameter("bias", bias);
}

}  // namespace heddle
