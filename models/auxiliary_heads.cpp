#include "models/auxiliary_heads.h"

#include <cstddef>
#include <utility>

#include "core/error.h"
#include "models/fusion/by_modality.h"

namespace heddle {

ModelWithHeads::ModelWithHeads(std::unique_ptr<Model> inner, std::int64_t classes, bool with_score,
                               std::int64_t variances, const Generator& generator)
    : inner_(std::move(inner)) {
  const std::vector<std::int64_t> widths = inner_->encoded_widths();
  check<InputError>(
      !widths.empty(),
      "auxiliary heads: this model keeps no vector of each modality's own before they "
      "meet; expected model.name \"sentiment\", or \"fusion\" of a kind other than "
      "\"late\" (whose classifiers are of one modality each already), or no auxiliary "
      "heads");
  check<InputError>(widths.size() >= 2,
                    "auxiliary heads: the model has one modality, whose head would be the model's "
                    "own; expected at least two, or no auxiliary heads");
  const DType type = inner_->dtype();
  for (std::size_t m = 0; m < widths.size(); ++m) {
    names_.push_back(inner_->inputs()[m].name);
    heads_.emplace_back(widths[m], classes, with_score, generator.named(names_.back()), type);
  }
  if (variances > 0) {
    log_variances_ = Variable(Tensor::zeros({variances}, type), true);
  }
  inner_->gives_encoded = true;
}

ModelOutput ModelWithHeads::forward(const CleanBatch& batch) {
  ModelOutput output = inner_->forward(batch);
  for (std::size_t m = 0; m < heads_.size(); ++m) {
    const ModelOutput own = heads_[m](output.encoded[m].vector);
    output.heads.push_back({own.logits, own.score, output.encoded[m].present});
  }
  output.log_variances = log_variances_;
  return output;
}

void ModelWithHeads::visit(Visitor& visitor) {
  inner_->visit(visitor);
  ByModality<Classifier> by_modality{names_, heads_};
  visitor.layer("auxiliary", by_modality);
  visitor.parameter(log_variances_name, log_variances_);
}

bool is_auxiliary(const std::string& parameter) {
  return parameter.starts_with(ModelWithHeads::prefix) ||
         parameter == ModelWithHeads::log_variances_name;
}

}  // namespace heddle
