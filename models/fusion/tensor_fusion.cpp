#include "models/fusion/tensor_fusion.h"

#include <cstddef>

#include "autograd/ops.h"
#include "core/error.h"
#include "models/fusion/by_modality.h"

namespace heddle {
namespace {

std::int64_t product_size(std::size_t modalities, std::int64_t width) {
  constexpr std::int64_t most = std::int64_t{1} << 20;
  std::int64_t size = 1;
  for (std::size_t m = 0; m < modalities; ++m) {
    size *= width + 1;
    check<InputError>(size <= most, "tensor fusion: the product of ", modalities, " modalities of ",
                      width, " + 1 numbers each has more than ", most,
                      " numbers; choose a smaller fusion.width, or kind \"low_rank\"");
  }
  return size;
}

}  // namespace

TensorFusion::TensorFusion(const FusionSpec& spec, const FusionConfig& config,
                           const Generator& generator)
    : names(spec.names),
      linear(product_size(spec.names.size(), config.width), spec.width, generator.named("linear"),
             {.dtype = spec.dtype}) {
  for (const std::string& name : names) {
    factors.emplace_back(spec.width, config.width, generator.named("factors").named(name),
                         LinearOptions{.dtype = spec.dtype});
  }
}

Fused TensorFusion::operator()(const FusionInputs& inputs) const {
  const Variables vectors = present_vectors(inputs);
  const std::int64_t samples = vectors[0].size(0);
  Variable product;
  for (std::size_t m = 0; m < vectors.size(); ++m) {
    const Variable z = where_present(factors[m](vectors[m]), inputs[m].present, 0.0);
    const Variable one(Tensor::full({samples, 1}, 1.0, z.dtype(), z.device()));
    const Variable extended = concat({z, one}, 1);
    if (!product.defined()) {
      product = extended;
      continue;
    }
    const std::int64_t size = product.size(1) * extended.size(1);
    product = reshape(reshape(product, {samples, product.size(1), 1}) *
                          reshape(extended, {samples, 1, extended.size(1)}),
                      {samples, size});
  }
  return {linear(product), {}};
}

void TensorFusion::visit(Visitor& visitor) {
  ByModality<LinearTanh> by_modality{names, factors};
  visitor.layer("factors", by_modality);
  visitor.layer("linear", linear);
}

}  // namespace heddle
