#include "models/fusion/late_fusion.h"

#include <cstddef>

#include "autograd/ops.h"
#include "models/fusion/by_modality.h"

namespace heddle {

LateFusion::LateFusion(const FusionSpec& spec, const FusionConfig& config, std::int64_t classes,
                       bool with_score, const Generator& generator)
    : names(spec.names) {
  for (const std::string& name : names) {
    classifiers.emplace_back(spec.width, classes, with_score,
                             generator.named("classifiers").named(name), spec.dtype);
  }
  if (config.weights == LateWeights::learned) {
    weights = Variable(Tensor::zeros({static_cast<std::int64_t>(names.size())}, spec.dtype), true);
  }
}

ModelOutput LateFusion::operator()(const FusionInputs& inputs) const {
  const Variables vectors = present_vectors(inputs);
  ModelOutput output;
  Variable total;
  Variables shares;
  for (std::size_t m = 0; m < vectors.size(); ++m) {
    const ModelOutput own = classifiers[m](vectors[m]);
    const Variable& any = own.score.defined() ? own.score : own.logits;
    const Shape leading = vectors[m].shape().replaced(vectors[m].rank() - 1, 1);
    const Variable one(Tensor::full(leading, 1.0, any.dtype(), any.device()));
    const Variable weight = weights.defined()
                                ? one * exp(slice(weights, 0, static_cast<std::int64_t>(m),
                                                  static_cast<std::int64_t>(m) + 1))
                                : one;
    const Variable share = where_present(weight, inputs[m].present, 0.0);  // [.., 1]
    const auto add_to = [](Variable& sum_so_far, const Variable& part) {
      sum_so_far = sum_so_far.defined() ? sum_so_far + part : part;
    };
    if (own.logits.defined()) {
      add_to(output.logits, share * own.logits);
    }
    if (own.score.defined()) {
      add_to(output.score, reshape(share, own.score.shape()) * own.score);
    }
    add_to(total, share);
    shares.push_back(share);
  }
  // 1 where nothing is present, which leaves the sums at 0. Anything present weighs far more than
  // the smallest double or float.
  const Tensor empty =
      compare(CompareOp::equal, total.value(), Tensor::scalar(0.0, total.dtype(), total.device()));
  const Variable divisor =
      where(empty, Variable(Tensor::scalar(1.0, total.dtype(), total.device())), total);
  if (output.logits.defined()) {
    output.logits = output.logits / divisor;
  }
  if (output.score.defined()) {
    output.score = output.score / reshape(divisor, output.score.shape());
  }
  if (vectors[0].rank() == 2) {
    const Variable all = stack(shares, 0) / divisor;
    output.modality_weights = reshape(all, {all.size(0), all.size(1)}).value();
  }
  return output;
}

void LateFusion::visit(Visitor& visitor) {
  ByModality<Classifier> by_modality{names, classifiers};
  visitor.layer("classifiers", by_modality);
  visitor.parameter("weights", weights);
}

}  // namespace heddle
