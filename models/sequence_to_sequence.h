#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "layers/dropout.h"
#include "layers/embedding.h"
#include "layers/linear.h"
#include "models/config.h"
#include "models/modality_encoder.h"
#include "models/model.h"
#include "models/sequence_decoder.h"
#include "models/sequence_encoder.h"
#include "models/sequence_generator.h"

namespace heddle {

/// One sequence of tokens is read, another written, with other modalities shown beside the source:
///   m     = encoder(√width · E_source[x] + positions)                      [S, B, width]
///   v_i   = W_i encode_i(modality i)                                       [B, width]
///   tokens: the memory is [v_1 ; … ; m], one more key for each modality (Calixto & Liu, EMNLP
///   2017,
///           IMG_W); gate: m + σ(W_g [m ; v]) ⊙ v with v = Σ v_i (Wu et al., ACL 2021, §3.1)
///   y_t   = decoder(√width · E_target[begin, y_1 … y_{t−1}] + positions, memory)
///   P(y_t) = softmax(W_out y_t),  W_out being E_target where tied
/// Positions are sinusoidal; LSTMs need none. `forward` gives logits [T + 1, B, vocabulary] for a
/// target of T tokens and its end.
class SequenceToSequence : public Model, public SequenceGenerator {
 public:
  /// Errors (InputError): source or target is none of the inputs, or not of kind tokens; a target
  /// without symbols for begin and end; shared embeddings of vocabularies that differ.
  SequenceToSequence(const ModelConfig& config, std::vector<InputSpec> inputs,
                     const Generator& generator);

  ModelOutput forward(const CleanBatch& batch) override;
  void visit(Visitor& visitor) override;
  const std::vector<InputSpec>& inputs() const override { return inputs_; }
  SequenceGenerator* generator() override { return this; }

  std::size_t target_input() const override { return target_; }
  std::size_t source_input() const override { return source_; }
  std::vector<std::vector<Hypothesis>> generate(const CleanBatch& batch,
                                                const GenerationOptions& options) override;

  /// What the decoder attends to.
  SequenceMemory encode(const CleanBatch& batch);

 private:
  /// A modality beside the source.
  struct Beside {
    std::size_t input;
    ModalityEncoder encoder;
    Linear projection;
    void visit(Visitor& visitor);
  };

  /// tokens [T, B] → [T, B, width], the first token being at this position.
  Variable embed(const Embedding& table, const Tensor& tokens, bool has_positions,
                 std::int64_t first);
  const Embedding& target_table() const {
    return target_embedding_.has_value() ? *target_embedding_ : *source_embedding_;
  }
  Variable logits_of(const Variable& states) const;

  std::vector<InputSpec> inputs_;
  SequenceToSequenceConfig config_;
  std::int64_t width_;
  std::size_t source_ = 0;
  std::size_t target_ = 0;
  std::optional<Embedding> source_embedding_;
  std::optional<Embedding> target_embedding_;  // absent where shared
  SequenceEncoder encoder_;
  std::vector<Beside> beside_;
  std::optional<Linear> gate_;
  std::unique_ptr<SequenceDecoder> decoder_;
  std::optional<Linear> output_;  // absent where tied
  Dropout dropout_;
};

}  // namespace heddle
