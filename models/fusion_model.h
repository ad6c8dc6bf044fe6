#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "layers/dropout.h"
#include "layers/linear.h"
#include "models/classifier.h"
#include "models/config.h"
#include "models/fusion/fusion_block.h"
#include "models/fusion/late_fusion.h"
#include "models/modality_encoder.h"
#include "models/model.h"
#include "models/step_encoder.h"

namespace heddle {

/// An encoder per modality, any fusion of models/fusion, a classifier:
///   x_m = P_m encoder_m(input_m)      P_m: to hidden, where the encoder's width is another
///   y   = classifier(fusion(x_1, …, x_M))
/// Inputs with steps (tokens, sequence) go step by step into fusions that read steps, and pooled
/// into those that take vectors. An absent modality is left out by the fusion; with
/// missing_vectors, its learned vector (one step of it) stands there like any other.
class FusionModel : public Model {
 public:
  /// Errors (InputError): no input; what the fusion cannot take.
  FusionModel(const ModelConfig& config, std::vector<InputSpec> inputs, std::int64_t classes,
              bool with_score, const Generator& generator);

  ModelOutput forward(const CleanBatch& batch) override;
  void visit(Visitor& visitor) override;
  const std::vector<InputSpec>& inputs() const override { return inputs_; }
  /// Of modalities read step by step, the mean of their steps. Empty with late fusion, whose
  /// classifiers are of one modality each already.
  std::vector<std::int64_t> encoded_widths() const override;
  std::int64_t fused_width() const override { return classifier_ ? classifier_->width() : 0; }

 private:
  struct Modality {
    std::optional<StepEncoder> steps;
    Variable missing_step;  // [step width], or undefined: zeros
    std::optional<ModalityEncoder> vector;
    std::optional<Linear> projection;  // to hidden, where the encoder's width is another

    FusionInput encode(const CleanInput& input, bool stands_in);
    void visit(Visitor& visitor);
  };

  std::vector<InputSpec> inputs_;
  std::int64_t width_;  // of every encoded modality
  bool missing_vectors_;
  std::vector<Modality> modalities_;  // in the order of inputs_
  std::optional<FusionBlock> fusion_;
  std::optional<LateFusion> late_;  // in the place of fusion and classifier
  Dropout dropout_;
  std::optional<Classifier> classifier_;
};

}  // namespace heddle
