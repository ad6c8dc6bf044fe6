#include "models/fusion/fusion_block.h"

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {
namespace {

using AnyFusion = decltype(FusionBlock::fusion);

AnyFusion make_fusion(const FusionSpec& spec, const FusionConfig& config,
                      const Generator& generator) {
  switch (config.kind) {
    case FusionKind::concat:
      return ConcatFusion(spec, generator);
    case FusionKind::attention:
      check<InputError>(!spec.each_step || config.tokens == AttentionTokens::modalities,
                        "attention fusion of each step chooses among its modalities; expected "
                        "fusion.tokens = \"modalities\"");
      return AttentionFusion(spec, generator);
    case FusionKind::gated:
      return GatedFusion(spec, generator);
    case FusionKind::tensor:
      return TensorFusion(spec, config, generator);
    case FusionKind::low_rank:
      return LowRankFusion(spec, config, generator);
    case FusionKind::bilinear:
      return BilinearFusion(spec, config, generator);
    case FusionKind::memory:
      return MemoryFusion(spec, generator);
    case FusionKind::co_attention:
      return CoAttentionFusion(spec, generator);
    case FusionKind::cross_modal:
      return CrossModalFusion(spec, config, generator);
    case FusionKind::late:
      break;
  }
  fail<InputError>("fusion \"late\" has a classifier per modality and no vector to go on with");
}

/// [T, B] of everything becomes one dimension, so that each step is a sample.
FusionInputs steps_as_samples(const FusionInputs& inputs) {
  FusionInputs flat;
  for (const FusionInput& input : inputs) {
    const Shape& shape = input.steps.shape();
    FusionInput& each = flat.emplace_back();
    each.vector = reshape(input.steps, {shape[0] * shape[1], shape[2]});
    if (input.present.defined()) {
      const Tensor present = input.present.expand({shape[0], shape[1]}).contiguous();
      each.present = present.reshape({shape[0] * shape[1]});
    }
  }
  return flat;
}

}  // namespace

FusionBlock::FusionBlock(const FusionSpec& spec, const FusionConfig& config,
                         const Generator& generator)
    : reads_steps(heddle::reads_steps(config)),
      each_step(spec.each_step),
      fusion(make_fusion(spec, config, generator)) {}

Fused FusionBlock::operator()(const FusionInputs& inputs) {
  const bool flattens = each_step && !reads_steps;
  Fused fused = std::visit(
      [&](auto& inner) { return inner(flattens ? steps_as_samples(inputs) : inputs); }, fusion);
  if (flattens) {
    const Shape& shape = inputs.front().steps.shape();
    fused.values = reshape(fused.values, {shape[0], shape[1], fused.values.size(1)});
  }
  return fused;
}

void FusionBlock::visit(Visitor& visitor) {
  std::visit([&](auto& inner) { inner.visit(visitor); }, fusion);
}

}  // namespace heddle
