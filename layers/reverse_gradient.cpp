#include "layers/reverse_gradient.h"

#include "autograd/ops.h"

namespace heddle {

namespace {

/// x, with the gradient of −scaled.
Variable against(const Variable& x, const Variable& scaled) {
  // No operation of its own: what it computes and its gradient contradict each other on purpose,
  // which the table of operations would rightly call wrong. detach(z) − z is 0 with gradient −1.
  return x.detach() + (scaled.detach() - scaled);
}

}  // namespace

Variable reverse_gradient(const Variable& x, double strength) { return against(x, x * strength); }

Variable reverse_gradient(const Variable& x, const Tensor& strength) {
  return against(x, x * Variable(strength));
}

}  // namespace heddle
