#include "models/classifier.h"

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {

Classifier::Classifier(std::int64_t width, std::int64_t classes, bool with_score,
                       const Generator& generator, DType dtype) {
  check(classes > 0 || with_score, "Classifier: got ", classes,
        " classes and no score; expected something to predict");
  if (classes > 0) {
    logits.emplace(width, classes, generator.named("logits"), LinearOptions{.dtype = dtype});
  }
  if (with_score) {
    score.emplace(width, 1, generator.named("score"), LinearOptions{.dtype = dtype});
  }
}

ModelOutput Classifier::operator()(const Variable& x) const {
  ModelOutput output;
  output.fused = x;
  // In the parameters' type whatever the activations are stored as: a loss tells apart numbers that
  // bf16 rounds to one.
  const Variable exact =
      cast(x, logits.has_value() ? logits->weight.dtype() : score->weight.dtype());
  if (logits.has_value()) {
    output.logits = (*logits)(exact);
  }
  if (score.has_value()) {
    output.score = reshape((*score)(exact), x.shape().erased(x.rank() - 1));
  }
  return output;
}

void Classifier::visit(Visitor& visitor) {
  if (logits.has_value()) {
    visitor.layer("logits", *logits);
  }
  if (score.has_value()) {
    visitor.layer("score", *score);
  }
}

}  // namespace heddle
