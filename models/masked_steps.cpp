#include "models/masked_steps.h"

#include "autograd/ops.h"

namespace heddle {

Variable zero_beyond(const Variable& states, const Tensor& lengths) {
  if (!lengths.defined()) {
    return states;
  }
  const Tensor steps = positions(states.size(0), lengths.device()).unsqueeze(1);
  const Tensor inside = compare(CompareOp::less, steps, lengths.unsqueeze(0)).unsqueeze(2);
  return where(inside, states, Variable(Tensor::scalar(0.0, states.dtype(), states.device())));
}

Variable mean_over_steps(const Variable& states, const Tensor& lengths) {
  if (!lengths.defined()) {
    return mean(states, {0});
  }
  const Variable counts(lengths.to(states.dtype()).unsqueeze(1));
  return divide(sum(zero_beyond(states, lengths), {0}), counts);
}

}  // namespace heddle
