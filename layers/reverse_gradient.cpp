#include "layers/reverse_gradient.h"

#include "autograd/ops.h"

namespace heddle {

Variable reverse_gradient(const Variable& x, double strength) {
  // No operation of its own: what it computes and its gradient contradict each other on purpose,
  // which the table of operations would rightly call wrong. detach(z) − z is 0 with gradient −1.
  const Variable scaled = x * strength;
  return x.detach() + (scaled.detach() - scaled);
}

}  // namespace heddle
