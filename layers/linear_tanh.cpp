#include "layers/linear_tanh.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/initialise.h"
#include "layers/mixed_precision.h"

namespace heddle {

LinearTanh::LinearTanh(std::int64_t in, std::int64_t out, const Generator& generator,
                       LinearOptions options) {
  Generator stream = generator.named("weight");
  weight = Variable(xavier_uniform({out, in}, in, out, stream, options.dtype), true);
  if (options.bias) {
    bias = Variable(Tensor::zeros({out}, options.dtype), true);
  }
}

Variable LinearTanh::operator()(const Variable& x) const {
  return linear_tanh(x, cast_like(weight, x), cast_like(bias, x));
}

Variable LinearTanh::operator()(const Variable& x, const Variable& context) const {
  check(x.rank() == 3 && context.rank() == 2 && context.size(0) == x.size(1) &&
            x.size(2) + context.size(1) == weight.size(1),
        "LinearTanh: x is ", x.shape(), " and context ", context.shape(),
        "; expected [time, batch, a] and [batch, b] with a + b = ", weight.size(1));
  const std::int64_t steps = x.size(2);
  const Variable all = cast_like(weight, x);
  const Variable per_row = linear(context, slice(all, 1, steps), cast_like(bias, x));
  return linear_tanh(x, slice(all, 1, 0, steps), per_row);
}

void LinearTanh::visit(Visitor& visitor) {
  visitor.parameter("weight", weight);
  visitor.parameter("bias", bias);
}

}  // namespace heddle
