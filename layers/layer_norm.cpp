#include "layers/layer_norm.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/mixed_precision.h"

namespace heddle {

LayerNorm::LayerNorm(std::int64_t width, double epsilon_, DType dtype) : epsilon(epsilon_) {
  check(width > 0, "LayerNorm: width is ", width, "; expected at least 1");
  scale = Variable(Tensor::full({width}, 1.0, dtype), true);
  shift = Variable(Tensor::zeros({width}, dtype), true);
}

Variable LayerNorm::operator()(const Variable& x) const {
  return layer_norm(x, cast_like(scale, x), cast_like(shift, x), epsilon);
}

void LayerNorm::visit(Visitor& visitor) {
  visitor.parameter("scale", scale);
  visitor.parameter("shift", shift);
}

}  // namespace heddle
