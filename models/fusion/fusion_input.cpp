#include "models/fusion/fusion_input.h"

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/error.h"

namespace heddle {
namespace {

Variable constant_like(double value, const Variable& x) {
  return Variable(Tensor::scalar(value, x.dtype(), x.device()));
}

/// 1 where the step may be seen, else 0: [T, B].
Tensor step_mask(const Variable& steps, const Tensor& lengths, const Tensor& present) {
  const NoGrad no_grad;
  const Variable one = constant_like(1.0, steps);
  const Variable zero = constant_like(0.0, steps);
  Variable mask(Tensor::full({steps.size(0), steps.size(1)}, 1.0, steps.dtype(), steps.device()));
  if (lengths.defined()) {
    const Tensor places = positions(steps.size(0), steps.device()).unsqueeze(1);
    mask = where(compare(CompareOp::less, places, lengths.unsqueeze(0)), one, zero);
  }
  return present.defined() ? where(present, mask, zero).value() : mask.value();
}

}  // namespace

Variable where_present(const Variable& x, const Tensor& present, double otherwise) {
  return present.defined() ? where(present.unsqueeze(-1), x, constant_like(otherwise, x)) : x;
}

Variables present_vectors(const FusionInputs& inputs) {
  Variables vectors;
  for (const FusionInput& input : inputs) {
    check(input.vector.defined(), "fusion: input ", vectors.size(),
          " has steps; expected one vector per sample");
    vectors.push_back(where_present(input.vector, input.present, 0.0));
  }
  return vectors;
}

VisibleSteps visible_steps(const FusionInput& input) {
  VisibleSteps result;
  const Variable steps = input.steps.defined()
                             ? input.steps
                             : reshape(input.vector, input.vector.shape().inserted(0, 1));
  result.mask = step_mask(steps, input.lengths, input.present);
  const Tensor zero = Tensor::scalar(0.0, steps.dtype(), steps.device());
  result.visible = compare(CompareOp::greater, result.mask, zero);
  const bool all = !input.lengths.defined() && !input.present.defined();
  result.values = all ? steps : where_present(steps, result.visible, 0.0);
  return result;
}

Variable visible_softmax(const Variable& scores, const Tensor& visible) {
  // Far below any score, and a number that bf16 has too.
  constexpr double hidden_score = -1e9;
  const Variable shown = where(visible, scores, constant_like(hidden_score, scores));
  const Variable weights = transpose(softmax(transpose(shown, 0, 1)), 0, 1);
  return where(visible, weights, constant_like(0.0, scores));
}

Variable weighted_sum(const Variable& x, const Variable& weights) {
  return sum(x * reshape(weights, weights.shape().inserted(2, 1)), {0});
}

Variable mean_of(const VisibleSteps& steps) {
  const Variable mask(steps.mask);
  const Variable counts = maximum(sum(mask, {0}, true), constant_like(1.0, steps.values));
  return weighted_sum(steps.values, mask / counts);
}

Variable mean_of_steps(const EncodedSteps& steps) {
  return mean_of(visible_steps(
      {.vector = {}, .steps = steps.states, .lengths = steps.lengths, .present = {}}));
}

Variable last_of(const VisibleSteps& steps) {
  // The last visible step is the one whose successor is not.
  const Variable mask(steps.mask);
  const Variable none(Tensor::zeros({1, steps.mask.size(1)}, mask.dtype(), mask.device()));
  return weighted_sum(steps.values, mask - concat({slice(mask, 0, 1), none}, 0));
}

}  // namespace heddle
