#include "models/fusion/gated_fusion.h"

#include <cstddef>

#include "autograd/ops.h"
#include "models/fusion/by_modality.h"

namespace heddle {

GatedFusion::GatedFusion(const FusionSpec& spec, const Generator& generator)
    : names(spec.names),
      gates(static_cast<std::int64_t>(spec.names.size()) * spec.width,
            static_cast<std::int64_t>(spec.names.size()) * spec.width, generator.named("gates"),
            {.dtype = spec.dtype}) {
  for (const std::string& name : names) {
    values.emplace_back(spec.width, spec.width, generator.named("values").named(name),
                        LinearOptions{.dtype = spec.dtype});
  }
}

Fused GatedFusion::operator()(const FusionInputs& inputs) const {
  const Variables vectors = present_vectors(inputs);
  const std::int64_t width = vectors[0].size(-1);
  const Variable open = gates(concat(vectors, 1), Activation::sigmoid);
  Variable y;
  Variables shares;
  for (std::size_t m = 0; m < vectors.size(); ++m) {
    const auto first = static_cast<std::int64_t>(m) * width;
    const Variable gate =
        where_present(slice(open, 1, first, first + width), inputs[m].present, 0.0);
    const Variable part = gate * values[m](vectors[m]);
    y = y.defined() ? y + part : part;
    shares.push_back(mean(gate, {-1}));
  }
  return {y, stack(shares, 0).value()};
}

void GatedFusion::visit(Visitor& visitor) {
  ByModality<LinearTanh> by_modality{names, values};
  visitor.layer("values", by_modality);
  visitor.layer("gates", gates);
}

}  // namespace heddle
