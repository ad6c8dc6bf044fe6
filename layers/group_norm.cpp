#include "layers/group_norm.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/mixed_precision.h"
#include "layers/with_bias.h"

namespace heddle {

GroupNorm::GroupNorm(std::int64_t groups_, std::int64_t channels, double epsilon_, DType dtype)
    : groups(groups_), epsilon(epsilon_) {
  check(groups > 0 && channels > 0 && channels % groups == 0, "GroupNorm: got ", channels,
        " channels in ", groups, " groups; expected a multiple of the number of groups");
  scale = Variable(Tensor::full({channels}, 1.0, dtype), true);
  shift = Variable(Tensor::zeros({channels}, dtype), true);
}

Variable GroupNorm::scaled(const Variable& x) const {
  check(x.rank() == 4 && x.size(1) == scale.size(0), "GroupNorm: x is ", x.shape(),
        "; expected [batch, ", scale.size(0), ", rows, cols]");
  const std::int64_t inside = x.size(1) / groups * x.size(2) * x.size(3);
  const Variable one(Tensor::full({inside}, 1.0, x.dtype(), x.device()));
  const Variable zero(Tensor::full({inside}, 0.0, x.dtype(), x.device()));
  const Variable rows = layer_norm(reshape(x, {x.size(0), groups, inside}), one, zero, epsilon);
  return multiply(reshape(rows, x.shape()), reshape(cast_like(scale, x), {x.size(1), 1, 1}));
}

Variable GroupNorm::operator()(const Variable& x) const {
  return add(scaled(x), reshape(cast_like(shift, x), {x.size(1), 1, 1}));
}

Variable GroupNorm::operator()(const Variable& x, Activation activation) const {
  return with_bias(scaled(x), shift, activation, 1);
}

void GroupNorm::visit(Visitor& visitor) {
  visitor.parameter("scale", scale);
  visitor.parameter("shift", shift);
}

}  // namespace heddle
