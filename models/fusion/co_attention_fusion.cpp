#include "models/fusion/co_attention_fusion.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/mixed_precision.h"
#include "models/fusion/by_modality.h"

namespace heddle {
namespace {

/// What enters the last layer. Errors: fewer than two modalities.
std::int64_t joined_width(const FusionSpec& spec) {
  check<InputError>(spec.names.size() >= 2, "co_attention fusion: there is ", spec.names.size(),
                    " modality; expected at least two");
  const auto count = static_cast<std::int64_t>(spec.names.size());
  return (count * (count - 1) + (spec.each_step ? count : 0)) * spec.width;
}

/// [T, B, width] → [B, T, width], and back.
Variable batch_first(const Variable& x) { return permute(x, {1, 0, 2}); }

/// Σ_t softmax_t(w · states) x, states as x [T, B, width] → [B, width].
Variable attended(const VisibleSteps& x, const Variable& states, const AttentionPool& attention) {
  const Variable scores = sum(states * cast_like(attention.weight, states), {-1});
  return weighted_sum(x.values, visible_softmax(scores, x.visible));
}

/// The vectors of one pair: â and b̂.
Variables attend_to_each_other(const CoAttentionFusion::Pair& pair, const VisibleSteps& a,
                               const VisibleSteps& b) {
  const Variable right = batch_first(b.values);
  const Variable scores = matmul(batch_first(pair.affinity(a.values)), transpose(right, 1, 2));
  const Variable both =
      Variable(a.mask.permute({1, 0}).unsqueeze(2)) * Variable(b.mask.permute({1, 0}).unsqueeze(1));
  const Variable affinity = tanh(scores) * both;
  const Variable from_left = batch_first(pair.p(a.values));
  const Variable from_right = batch_first(pair.q(b.values));
  const Variable left_states = tanh(from_left + matmul(affinity, from_right));
  const Variable right_states = tanh(from_right + matmul(transpose(affinity, 1, 2), from_left));
  return {attended(a, batch_first(left_states), pair.left_attention),
          attended(b, batch_first(right_states), pair.right_attention)};
}

}  // namespace

CoAttentionFusion::CoAttentionFusion(const FusionSpec& spec, const Generator& generator)
    : names(spec.names),
      each_step(spec.each_step),
      linear(joined_width(spec), spec.width, generator.named("linear"), {.dtype = spec.dtype}) {
  const LinearOptions options{.bias = false, .dtype = spec.dtype};
  const std::int64_t width = spec.width;
  for (std::size_t m = 0; m < names.size(); ++m) {
    for (std::size_t n = m + 1; n < names.size(); ++n) {
      const Generator stream = generator.named(names[m]).named(names[n]);
      pairs.push_back({m, n, Linear(width, width, stream.named("affinity"), options),
                       Linear(width, width, stream.named("p"), options),
                       Linear(width, width, stream.named("q"), options),
                       AttentionPool(width, stream.named("left_attention"), spec.dtype),
                       AttentionPool(width, stream.named("right_attention"), spec.dtype)});
    }
  }
}

Fused CoAttentionFusion::operator()(const FusionInputs& inputs) const {
  std::vector<VisibleSteps> steps;
  for (const FusionInput& input : inputs) {
    steps.push_back(visible_steps(input));
  }
  Variables vectors;
  for (const Pair& pair : pairs) {
    for (const Variable& vector : attend_to_each_other(pair, steps[pair.left], steps[pair.right])) {
      vectors.push_back(vector);
    }
  }
  const Variable context = concat(vectors, 1);
  if (!each_step) {
    return {linear(context), {}};
  }
  Variables own;
  for (const VisibleSteps& each : steps) {
    own.push_back(each.values);
  }
  return {linear(concat(own, 2), context), {}};
}

void CoAttentionFusion::Pair::visit(Visitor& visitor) {
  visitor.layer("affinity", affinity);
  visitor.layer("p", p);
  visitor.layer("q", q);
  visitor.layer("left_attention", left_attention);
  visitor.layer("right_attention", right_attention);
}

void CoAttentionFusion::visit(Visitor& visitor) {
  for (Pair& pair : pairs) {
    OfSecond<Pair> second{names[pair.right], pair};
    visitor.layer(names[pair.left], second);
  }
  visitor.layer("linear", linear);
}

}  // namespace heddle
