#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "models/classifier.h"
#include "models/model.h"

namespace heddle {

/// A model with one classifier beside it per modality, on what that modality is encoded as before
/// the modalities meet (ModelOutput::encoded):
///   h_m = W_m x_m + b_m
/// Trained with the labels of the whole, they keep every encoder at work where the fusion could do
/// without it, and they say what each modality is worth alone (Yu et al., "Learning
/// modality-specific representations with self-supervised multi-task learning", AAAI 2021, has the
/// architecture). The model's own parameters keep their names; those of the heads begin with
/// "auxiliary.".
class ModelWithHeads : public Model {
 public:
  static constexpr const char* prefix = "auxiliary.";
  static constexpr const char* log_variances_name = "log_variances";

  /// `variances`: how many log variances to learn (train/loss_weighting.h), 0: none.
  /// Errors (InputError): a model that keeps no vector of each modality's own, or has one modality.
  ModelWithHeads(std::unique_ptr<Model> inner, std::int64_t classes, bool with_score,
                 std::int64_t variances, const Generator& generator);

  /// The model's own output, with `heads` and, where they are learned, `log_variances`.
  ModelOutput forward(const CleanBatch& batch) override;
  void visit(Visitor& visitor) override;
  const std::vector<InputSpec>& inputs() const override { return inner_->inputs(); }
  bool takes_groups() const override { return inner_->takes_groups(); }
  std::int64_t fused_width() const override { return inner_->fused_width(); }
  /// Always given.
  std::vector<std::int64_t> encoded_widths() const override { return inner_->encoded_widths(); }

 private:
  std::unique_ptr<Model> inner_;
  std::vector<std::string> names_;  // of the inputs
  std::vector<Classifier> heads_;
  Variable log_variances_;  // or undefined
};

/// Whether a parameter is of the heads or of their weighting, and not of the model itself.
bool is_auxiliary(const std::string& parameter);

}  // namespace heddle
