#include "layers/with_bias.h"

#include "layers/mixed_precision.h"

namespace heddle {

Variable with_bias(const Variable& x, const Variable& bias, Activation activation, int dim) {
  if (bias.defined()) {
    return bias_activation(x, cast_like(bias, x), activation, dim);
  }
  switch (activation) {
    case Activation::relu:
      return relu(x);
    case Activation::gelu:
      return gelu(x);
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::tanh:
      break;
  }
  return tanh(x);
}

}  // namespace heddle
