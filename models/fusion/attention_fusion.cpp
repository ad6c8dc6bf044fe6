#include "models/fusion/attention_fusion.h"

#include <cstddef>

#include "autograd/ops.h"
#include "layers/mixed_precision.h"

namespace heddle {

AttentionFusion::AttentionFusion(const FusionSpec& spec, const Generator& generator)
    : token(spec.width, spec.width, generator.named("token"), {.bias = false, .dtype = spec.dtype}),
      context(static_cast<std::int64_t>(spec.names.size()) * spec.width, spec.width,
              generator.named("context"), {.bias = false, .dtype = spec.dtype}),
      modality(
          Tensor::zeros({static_cast<std::int64_t>(spec.names.size()), spec.width}, spec.dtype),
          true),
      attention(spec.width, generator.named("attention"), spec.dtype) {}

Fused AttentionFusion::operator()(const FusionInputs& inputs) const {
  std::vector<VisibleSteps> tokens;
  Variables means;
  for (const FusionInput& input : inputs) {
    tokens.push_back(visible_steps(input));
    means.push_back(mean_of(tokens.back()));
  }
  const Variable whole = context(concat(means, 1));
  const Variable biases = cast_like(modality, whole);
  Variables fused;
  Variables masks;
  for (std::size_t m = 0; m < tokens.size(); ++m) {
    const Variable bias = whole + select(biases, 0, static_cast<std::int64_t>(m));
    fused.push_back(linear_tanh(tokens[m].values, cast_like(token.weight, whole), bias));
    masks.emplace_back(tokens[m].mask);
  }
  const Variable u = concat(fused, 0);
  const Variable mask = concat(masks, 0);
  const Tensor visible =
      compare(CompareOp::greater, mask.value(), Tensor::scalar(0.0, u.dtype(), u.device()));
  const Variable weights = visible_softmax(sum(u * cast_like(attention.weight, u), {-1}), visible);
  Variables shares;
  std::int64_t first = 0;
  for (const VisibleSteps& each : tokens) {
    const std::int64_t end = first + each.values.size(0);
    shares.push_back(sum(slice(weights, 0, first, end), {0}));
    first = end;
  }
  return {weighted_sum(u, weights), stack(shares, 0).value()};
}

void AttentionFusion::visit(Visitor& visitor) {
  visitor.layer("token", token);
  visitor.layer("context", context);
  visitor.parameter("modality", modality);
  visitor.layer("attention", attention);
}

}  // namespace heddle
