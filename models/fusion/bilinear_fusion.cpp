#include "models/fusion/bilinear_fusion.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "models/fusion/by_modality.h"

namespace heddle {

BilinearFusion::BilinearFusion(const FusionSpec& spec, const FusionConfig& config,
                               const Generator& generator)
    : factors(config.factors), names(spec.names) {
  check<InputError>(names.size() >= 2, "bilinear fusion: there is ", names.size(),
                    " modality; expected at least two");
  const LinearOptions options{.bias = false, .dtype = spec.dtype};
  for (std::size_t m = 0; m < names.size(); ++m) {
    for (std::size_t n = m + 1; n < names.size(); ++n) {
      const Generator stream = generator.named(names[m]).named(names[n]);
      pairs.push_back({m, n, Linear(spec.width, factors * spec.width, stream.named("u"), options),
                       Linear(spec.width, factors * spec.width, stream.named("v"), options)});
    }
  }
  if (pairs.size() > 1) {
    linear.emplace(static_cast<std::int64_t>(pairs.size()) * spec.width, spec.width,
                   generator.named("linear"), LinearOptions{.dtype = spec.dtype});
  }
}

Variable BilinearFusion::pooled(const Pair& pair, const FusionInputs& inputs,
                                const Variables& vectors) const {
  constexpr double power_epsilon = 1e-6;
  constexpr double length_epsilon = 1e-12;
  const Tensor& left_present = inputs[pair.left].present;
  const Tensor& right_present = inputs[pair.right].present;
  const Variable left = pair.u(vectors[pair.left]);
  const Variable right = pair.v(vectors[pair.right]);
  Variable products = left * where_present(right, right_present, 1.0);
  if (left_present.defined()) {
    products =
        where(left_present.unsqueeze(-1), products, where_present(right, right_present, 0.0));
  }
  const std::int64_t samples = products.size(0);
  const Variable p = sum(reshape(products, {samples, products.size(1) / factors, factors}), {2});
  const Variable q = p / sqrt(absolute(p) + power_epsilon);
  return q / sqrt(sum(square(q), {1}, true) + length_epsilon);
}

Fused BilinearFusion::operator()(const FusionInputs& inputs) const {
  const Variables vectors = present_vectors(inputs);
  Variables results;
  for (const Pair& pair : pairs) {
    results.push_back(pooled(pair, inputs, vectors));
  }
  return {linear.has_value() ? (*linear)(concat(results, 1)) : results.front(), {}};
}

void BilinearFusion::Pair::visit(Visitor& visitor) {
  visitor.layer("u", u);
  visitor.layer("v", v);
}

void BilinearFusion::visit(Visitor& visitor) {
  for (Pair& pair : pairs) {
    OfSecond<Pair> second{names[pair.right], pair};
    visitor.layer(names[pair.left], second);
  }
  if (linear.has_value()) {
    visitor.layer("linear", *linear);
  }
}

}  // namespace heddle
