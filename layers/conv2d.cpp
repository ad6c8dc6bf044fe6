#include "layers/conv2d.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/initialise.h"
#include "layers/mixed_precision.h"
#include "layers/with_bias.h"

namespace heddle {

Conv2d::Conv2d(std::int64_t channels, std::int64_t filters, std::int64_t kernel,
               const Generator& generator, Conv2dOptions options)
    : window(options.window) {
  check(channels > 0 && filters > 0 && kernel > 0, "Conv2d: got ", channels, " channels, ", filters,
        " filters, kernel ", kernel, "; expected at least 1 of each");
  Generator stream = generator.named("weight");
  weight = Variable(he_uniform({filters, channels, kernel, kernel}, channels * kernel * kernel,
                               stream, options.dtype),
                    true);
  if (options.bias) {
    bias = Variable(Tensor::zeros({filters}, options.dtype), true);
  }
}

Variable Conv2d::operator()(const Variable& x) const {
  return conv2d(x, cast_like(weight, x), cast_like(bias, x), window);
}

Variable Conv2d::operator()(const Variable& x, Activation activation) const {
  return with_bias(conv2d(x, cast_like(weight, x), {}, window), bias, activation, 1);
}

void Conv2d::visit(Visitor& visitor) {
  visitor.parameter("weight", weight);
  visitor.parameter("bias", bias);
}

}  // namespace heddle
