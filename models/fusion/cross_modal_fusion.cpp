#include "models/fusion/cross_modal_fusion.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/ops.h"
#include "core/error.h"
#include "models/fusion/by_modality.h"

namespace heddle {
namespace {

/// What enters the last layer. Errors: fewer than two modalities.
std::int64_t joined_width(const FusionSpec& spec) {
  check<InputError>(spec.names.size() >= 2, "cross_modal fusion: there is ", spec.names.size(),
                    " modality; expected at least two");
  const auto count = static_cast<std::int64_t>(spec.names.size());
  return count * (count - 1) * spec.width;
}

CrossModalFusion::Stack make_stack(std::int64_t width, bool crosses, const FusionConfig& config,
                                   DType dtype, const Generator& generator) {
  CrossModalFusion::Stack stack{{}, LayerNorm(width, 1e-5, dtype)};
  for (std::int64_t k = 0; k < config.layers; ++k) {
    stack.blocks.emplace_back(width,
                              TransformerBlockOptions{.heads = config.heads,
                                                      .dropout = config.dropout,
                                                      .attends_self = !crosses,
                                                      .attends_memory = crosses,
                                                      .normalises_memory = crosses,
                                                      .dtype = dtype},
                              generator.named(std::to_string(k)));
  }
  return stack;
}

/// Keys that may be seen, for attention: [T, B] → [B, 1, 1, T].
AttentionMask keys_of(const VisibleSteps& steps) {
  return {.visible = steps.visible.permute({1, 0}).unsqueeze(1).unsqueeze(1)};
}

}  // namespace

CrossModalFusion::CrossModalFusion(const FusionSpec& spec, const FusionConfig& config,
                                   const Generator& generator)
    : names(spec.names),
      pool(config.pool),
      each_step(spec.each_step),
      linear(joined_width(spec), spec.width, generator.named("linear"), {.dtype = spec.dtype}) {
  check<InputError>(spec.width % config.heads == 0, "cross_modal fusion: hidden is ", spec.width,
                    " with fusion.heads ", config.heads, "; expected a multiple of the heads");
  const std::size_t count = names.size();
  for (std::size_t target = 0; target < count; ++target) {
    for (std::size_t source = 0; source < count; ++source) {
      if (source != target) {
        crossings.push_back(
            {target, source,
             make_stack(spec.width, true, config, spec.dtype,
                        generator.named("across").named(names[target]).named(names[source]))});
      }
    }
    within.push_back(make_stack(static_cast<std::int64_t>(count - 1) * spec.width, false, config,
                                spec.dtype, generator.named("within").named(names[target])));
  }
}

const Tensor& CrossModalFusion::position_table(std::int64_t steps, const Variable& like) {
  const std::int64_t width = like.size(2);
  if (tables_.empty() || tables_.back().size(0) < steps || tables_.back().dtype() != like.dtype() ||
      tables_.back().device() != like.device()) {
    constexpr std::int64_t least = 256;
    const std::int64_t rows = std::max(least, 2 * steps);
    tables_.push_back(sinusoidal_positions(rows, width, DType::f64)
                          .to(like.dtype())
                          .to(like.device())
                          .reshape({rows, 1, width}));
  }
  return tables_.back();
}

VisibleSteps CrossModalFusion::placed(const FusionInput& input) {
  VisibleSteps steps = visible_steps(input);
  const Variable& x = steps.values;
  const Variable places(position_table(x.size(0), x).slice(0, 0, x.size(0)));
  steps.values = x * std::sqrt(static_cast<double>(x.size(2))) + places;
  return steps;
}

Fused CrossModalFusion::operator()(const FusionInputs& inputs) {
  std::vector<VisibleSteps> placed_steps;
  for (const FusionInput& input : inputs) {
    placed_steps.push_back(placed(input));
  }
  std::vector<Variables> across(names.size());
  for (Crossing& crossing : crossings) {
    const VisibleSteps& source = placed_steps[crossing.source];
    Variable x = placed_steps[crossing.target].values;
    for (TransformerBlock& block : crossing.stack.blocks) {
      x = block(x, {}, source.values, keys_of(source));
    }
    across[crossing.target].push_back(crossing.stack.norm(x));
  }
  Variables results;
  for (std::size_t m = 0; m < names.size(); ++m) {
    VisibleSteps steps = placed_steps[m];
    steps.values = concat(across[m], 2);
    const AttentionMask keys = keys_of(steps);
    for (TransformerBlock& block : within[m].blocks) {
      steps.values = block(steps.values, keys);
    }
    steps.values = where_present(within[m].norm(steps.values), steps.visible, 0.0);
    results.push_back(each_step                 ? steps.values
                      : pool == StatePool::mean ? mean_of(steps)
                                                : last_of(steps));
  }
  return {linear(concat(results, each_step ? 2 : 1)), {}};
}

void CrossModalFusion::Stack::visit(Visitor& visitor) {
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    visitor.layer(std::to_string(k), blocks[k]);
  }
  visitor.layer("norm", norm);
}

void CrossModalFusion::visit(Visitor& visitor) {
  struct Across {
    CrossModalFusion& fusion;
    void visit(Visitor& inner) {
      for (Crossing& crossing : fusion.crossings) {
        OfSecond<Stack> second{fusion.names[crossing.source], crossing.stack};
        inner.layer(fusion.names[crossing.target], second);
      }
    }
  };
  Across across{*this};
  visitor.layer("across", across);
  ByModality<Stack> by_modality{names, within};
  visitor.layer("within", by_modality);
  visitor.layer("linear", linear);
}

}  // namespace heddle
