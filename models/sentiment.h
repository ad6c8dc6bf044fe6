#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "layers/dropout.h"
#include "layers/linear.h"
#include "models/classifier.h"
#include "models/config.h"
#include "models/fusion.h"
#include "models/modality_encoder.h"
#include "models/model.h"
#include "models/step_encoder.h"

namespace heddle {

/// The document's model made right (docs/models.md), for any number of modalities. Two readings:
///
/// - attention over time: the steps s_t of one modality (words, frames, regions of a picture), each
///   fused with the vectors v, … of the others:  u_t = tanh(W [s_t ; v ; …] + b), then attention
///   over t (models/fusion.h);
/// - attention over modality tokens (`pool` final, or no modality with steps to attend to): each
///   modality is one vector x_k of width hidden (of words the final states of both directions,
///   projected), and  u_k = tanh(W [x_k ; x_1 ; …] + b), then attention over k. With token_context
///   off, u_k = tanh(W x_k + b).
class SentimentModel : public Model {
 public:
  /// Errors: no input; an input it cannot take; `time_modality` names none with steps; see
  /// build_model for ranges.
  SentimentModel(const ModelConfig& config, std::vector<InputSpec> inputs, std::int64_t classes,
                 bool with_score, const Generator& generator);

  ModelOutput forward(const CleanBatch& batch) override;
  void visit(Visitor& visitor) override;
  const std::vector<InputSpec>& inputs() const override { return inputs_; }
  /// Of the modality attended to over time, the mean of its steps.
  std::vector<std::int64_t> encoded_widths() const override;

  std::int64_t fused_width() const override { return classifier_.width(); }

  /// Position in inputs() of the modality whose steps are attended to; none in the other reading.
  std::optional<std::size_t> time_input() const { return time_input_; }

 private:
  /// What reads one input: a step encoder for the modality attended to, else a vector encoder.
  struct Modality {
    std::optional<StepEncoder> steps;
    Variable missing_step;  // [step width], or undefined: zeros
    std::optional<ModalityEncoder> vector;
    std::optional<Linear> projection;  // of the vector to hidden, where it is not so wide

    void visit(Visitor& visitor);
  };

  /// One vector per sample from every input but the time modality, in order.
  Variables encode_vectors(const std::vector<CleanInput>& inputs);
  Pooled attend_to_steps(const std::vector<CleanInput>& inputs, ModelOutput& output);
  Pooled attend_to_modalities(const std::vector<CleanInput>& inputs, ModelOutput& output);
  /// Keeps what the modalities were encoded as, where it is asked for.
  void give_encoded(const Variables& vectors, const EncodedSteps* steps,
                    const std::vector<CleanInput>& inputs, ModelOutput& output) const;

  std::vector<InputSpec> inputs_;
  DType dtype_;
  bool token_context_;
  std::optional<std::size_t> time_input_;
  std::vector<Modality> modalities_;  // in the order of inputs_
  std::optional<Fusion> fusion_;
  Dropout dropout_;
  Classifier classifier_;
};

}  // namespace heddle
