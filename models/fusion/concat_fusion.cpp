#include "models/fusion/concat_fusion.h"

#include "autograd/ops.h"

namespace heddle {

ConcatFusion::ConcatFusion(const FusionSpec& spec, const Generator& generator)
    : linear(static_cast<std::int64_t>(spec.names.size()) * spec.width, spec.width,
             generator.named("linear"), {.dtype = spec.dtype}) {}

Fused ConcatFusion::operator()(const FusionInputs& inputs) const {
  return {linear(concat(present_vectors(inputs), 1)), {}};
}

void ConcatFusion::visit(Visitor& visitor) { visitor.layer("linear", linear); }

}  // namespace heddle
