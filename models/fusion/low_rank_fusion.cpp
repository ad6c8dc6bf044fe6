#include "models/fusion/low_rank_fusion.h"

#include <cmath>
#include <cstddef>

#include "autograd/ops.h"
#include "layers/initialise.h"
#include "models/fusion/by_modality.h"

namespace heddle {

LowRankFusion::LowRankFusion(const FusionSpec& spec, const FusionConfig& config,
                             const Generator& generator)
    : rank(config.rank), names(spec.names) {
  const double start =
      std::pow(static_cast<double>(rank), -1.0 / static_cast<double>(names.size()));
  for (const std::string& name : names) {
    const Generator stream = generator.named("factors").named(name);
    Linear factor(spec.width, rank * spec.width, stream, {.dtype = spec.dtype});
    // Each block as a layer of its own.
    Generator weights = stream.named("blocks");
    factor.weight = Variable(xavier_uniform({rank * spec.width, spec.width}, spec.width, spec.width,
                                            weights, spec.dtype),
                             true);
    factor.bias = Variable(Tensor::full({rank * spec.width}, start, spec.dtype), true);
    factors.push_back(std::move(factor));
  }
}

Fused LowRankFusion::operator()(const FusionInputs& inputs) const {
  const Variables vectors = present_vectors(inputs);
  Variable product;
  for (std::size_t m = 0; m < vectors.size(); ++m) {
    const Variable factor = factors[m](vectors[m]);
    product = product.defined() ? product * factor : factor;
  }
  const std::int64_t samples = product.size(0);
  return {sum(reshape(product, {samples, rank, product.size(1) / rank}), {1}), {}};
}

void LowRankFusion::visit(Visitor& visitor) {
  ByModality<Linear> by_modality{names, factors};
  visitor.layer("factors", by_modality);
}

}  // namespace heddle
