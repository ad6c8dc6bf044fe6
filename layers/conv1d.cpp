#include "layers/conv1d.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/initialise.h"
#include "layers/mixed_precision.h"
#include "layers/with_bias.h"

namespace heddle {

Conv1d::Conv1d(std::int64_t channels, std::int64_t filters, std::int64_t kernel,
               const Generator& generator, Conv1dOptions options)
    : stride(options.stride), padding(options.padding), dilation(options.dilation) {
  check(channels > 0 && filters > 0 && kernel > 0, "Conv1d: got ", channels, " channels, ", filters,
        " filters, kernel ", kernel, "; expected at least 1 of each");
  Generator stream = generator.named("weight");
  weight = Variable(
      he_uniform({filters, channels, kernel}, channels * kernel, stream, options.dtype), true);
  if (options.bias) {
    bias = Variable(Tensor::zeros({filters}, options.dtype), true);
  }
}

Variable Conv1d::operator()(const Variable& x) const {
  return conv1d(x, cast_like(weight, x), cast_like(bias, x), stride, padding, dilation);
}

Variable Conv1d::operator()(const Variable& x, Activation activation) const {
  return with_bias(conv1d(x, cast_like(weight, x), {}, stride, padding, dilation), bias, activation,
                   1);
}

void Conv1d::visit(Visitor& visitor) {
  visitor.parameter("weight", weight);
  visitor.parameter("bias", bias);
}

}  // namespace heddle
