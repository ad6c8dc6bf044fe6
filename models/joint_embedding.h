#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "layers/dropout.h"
#include "layers/linear.h"
#include "models/config.h"
#include "models/modality_encoder.h"
#include "models/model.h"

namespace heddle {

/// One tower per modality into one space, where the cosine says how well two inputs go together:
///   z_m = W_m dropout(encoder_m(x_m)) + b_m,   e_m = z_m / ‖z_m‖          [B, width]
/// or, without projections, z_m = dropout(encoder_m(x_m)).
/// No tower sees another's input. Kiros, Salakhutdinov, Zemel, arXiv 1411.2539 (VSE); Faghri et
/// al., arXiv 1707.05612 (VSE++).
class JointEmbedding : public Model {
 public:
  /// Errors (InputError): fewer than two inputs; without projections, encoders of different widths.
  JointEmbedding(const ModelConfig& config, std::vector<InputSpec> inputs,
                 const Generator& generator);

  /// Embeddings of every input. What stands for a sample without an input means nothing.
  ModelOutput forward(const CleanBatch& batch) override;
  void visit(Visitor& visitor) override;
  const std::vector<InputSpec>& inputs() const override { return inputs_; }
  std::int64_t embedding_width() const override { return width_; }

 private:
  struct Tower {
    ModalityEncoder encoder;
    Dropout dropout;
    std::optional<Linear> projection;

    void visit(Visitor& visitor);
  };

  std::vector<InputSpec> inputs_;
  DType dtype_;
  std::int64_t width_ = 0;
  std::vector<Tower> towers_;
  Variable log_scale_;  // [1], or undefined: the loss's temperature stays as configured
};

}  // namespace heddle
