#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "layers/dropout.h"
#include "layers/linear_tanh.h"
#include "layers/lstm.h"
#include "models/classifier.h"
#include "models/config.h"
#include "models/contextual_fusion.h"
#include "models/model.h"

namespace heddle {

/// One label per utterance of a video, each read in the context of the others:
///   x_u = [tanh(W_m f_{m,u} + b_m) for each modality m]   (or f_{m,u} itself: no projection)
///   s = BiLSTM(x) over the utterances u
///   y_u = W_o tanh(W_d s_u + b_d) + b_o                    (or W_o s_u + b_o: no dense layer)
/// or, where a fusion is configured, s as models/contextual_fusion.h has it, from the x_u. Dropout
/// is on f, s and the dense layer's result. Poria et al., "Context-dependent sentiment analysis in
/// user-generated videos", ACL 2017 (bc-LSTM, features fused early).
class ContextualSentiment : public Model {
 public:
  /// Errors: no input; an input that is not of kind features.
  ContextualSentiment(const ModelConfig& config, std::vector<InputSpec> inputs,
                      std::int64_t classes, bool with_score, const Generator& generator);

  /// Features [U, B, F] of B videos with up to U utterances; outputs [U, B, ..], of no meaning
  /// beyond a video's length.
  ModelOutput forward(const CleanBatch& batch) override;
  void visit(Visitor& visitor) override;
  const std::vector<InputSpec>& inputs() const override { return inputs_; }
  bool takes_groups() const override { return true; }
  std::int64_t fused_width() const override { return classifier_ ? classifier_->width() : 0; }

 private:
  struct Modality {
    std::optional<LinearTanh> projection;
    Variable missing;  // [projected width], or undefined: zeros

    void visit(Visitor& visitor);
  };

  /// The result of the BiLSTM, or of the fusion.
  Variable states(const Variables& parts, const CleanBatch& batch);
  std::vector<Tensor> presence(const CleanBatch& batch) const;

  std::vector<InputSpec> inputs_;
  bool missing_vectors_;
  DType dtype_;
  std::vector<Modality> modalities_;
  Dropout input_dropout_;
  std::optional<Lstm> lstm_;  // not where a fusion is configured
  std::optional<ContextualFusion> fusion_;
  Dropout dropout_;
  std::optional<LinearTanh> dense_;
  Dropout dense_dropout_;
  std::optional<Classifier> classifier_;  // not with late fusion
};

}  // namespace heddle
