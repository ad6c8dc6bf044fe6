#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/variable.h"
#include "core/math.h"
#include "core/tensor.h"
#include "layers/visit.h"

namespace heddle {

/// What a model is told about one of its inputs when it is built.
struct InputSpec {
  enum class Kind : std::uint8_t { tokens, features, sequence, image };

  std::string name;  // "text", "image", "audio"
  Kind kind = Kind::features;
  /// One sample or frame: tokens [], features [F], sequence [F], image [C, H, W].
  Shape shape;
  std::int64_t vocabulary = 0;  // tokens only: numbers are 0 (padding) … vocabulary − 1
  /// tokens only: the symbols that texts begin and end with; −1 where there are none.
  std::int64_t begin = -1;
  std::int64_t end = -1;
};

/// One modality of a batch of B samples (or of B groups of up to U members each).
struct ModelInput {
  /// tokens i64 [T, B]; features f [B, F] (groups: [U, B, F]); sequence f [T, B, F]; image f [B, C,
  /// H, W].
  Tensor values;
  Tensor lengths;  // i64 [B] for tokens and sequence; undefined means all T
  /// bool [B] (groups: [B]): false where this sample lacks the modality, or where it is masked.
  /// What stands in `values` there never reaches a result. Undefined means all present.
  Tensor present;
};

struct ModelBatch {
  std::vector<ModelInput> inputs;  // in the order of the model's specs
  Tensor group_lengths;            // i64 [B] where samples come in groups, else undefined
};

/// A ModelInput in which nothing that must not be seen is left (models/modality_input.h).
struct CleanInput {
  /// As in ModelInput, floating values in the type activations have. Padding, and samples that lack
  /// the modality, are 0 (token 0): not a number there cannot reach a gradient either.
  Tensor values;
  /// i64 [B], 1 … T, and 1 for samples that lack the modality; undefined: all T.
  Tensor lengths;
  /// bool [B] (groups: [U, B]); undefined: all present. A sequence of length 0 is not present.
  Tensor present;
};

/// What a network computes from: checked, cleaned, and on the device of its parameters.
struct CleanBatch {
  std::vector<CleanInput> inputs;  // in the order of the model's specs
  Tensor group_lengths;            // as in ModelBatch
};

/// What a model makes of one modality before the modalities meet.
struct EncodedModality {
  Variable vector;  // [B, width]; groups: [U, B, width]
  Tensor present;   // bool [B] (groups: [U, B]); undefined: all present
};

/// What an auxiliary head says from its modality alone (models/auxiliary_heads.h).
struct HeadOutput {
  Variable logits;  // as ModelOutput's; undefined without classes
  Variable score;   // as ModelOutput's; undefined without a number
  Tensor present;   // as EncodedModality's: what it says of other samples has no meaning
};

struct ModelOutput {
  /// [B, classes]; groups: [U, B, classes]. Undefined where the model has no classes.
  Variable logits;
  /// [B]; groups: [U, B]. Undefined where the model predicts no number.
  Variable score;
  /// For the report: attention over the time steps of the modality attended to, [T, B], and over
  /// modalities, [modalities, B]; either may be undefined.
  Tensor time_weights;
  Tensor modality_weights;
  /// What the last layer reads, of all modalities together: [B, width]; groups: [U, B, width].
  /// Undefined where there is no such thing (Model::fused_width).
  Variable fused;
  /// Which of the model's inputs has the time steps of time_weights.
  std::optional<std::size_t> time_input;
  /// Of models that bring modalities together: one per input, [B, width] of length 1; else empty.
  std::vector<Variable> embeddings;
  /// What their cosines are multiplied by, [1]; undefined: as the loss is configured.
  Variable similarity_scale;
  std::vector<EncodedModality> encoded;  // one per input, where Model::gives_encoded; else empty
  std::vector<HeadOutput> heads;         // one per input; empty without auxiliary heads
  /// log σ² of each part of the loss, [parts]; undefined where parts are not weighted by them
  /// (train/loss_weighting.h).
  Variable log_variances;
};

class SequenceGenerator;

/// A network the training loop can train: what every model of the zoo looks like from outside.
class Model {
 public:
  virtual ~Model() = default;
  /// Reads no number of the batch on the host, so that a device need not be waited for.
  virtual ModelOutput forward(const CleanBatch& batch) = 0;
  virtual void visit(Visitor& visitor) = 0;
  virtual const std::vector<InputSpec>& inputs() const = 0;
  /// Whether it takes groups (all utterances of a video at a time).
  virtual bool takes_groups() const { return false; }
  /// Widths of ModelOutput::fused and ::embeddings; 0: this model gives none.
  virtual std::int64_t fused_width() const { return 0; }
  virtual std::int64_t embedding_width() const { return 0; }
  /// What writes sequences with this model; null where it writes none.
  virtual SequenceGenerator* generator() { return nullptr; }

  /// Of each input, the width of ModelOutput::encoded; empty: this model keeps no vector of a
  /// modality's own.
  virtual std::vector<std::int64_t> encoded_widths() const { return {}; }
  /// Whether `forward` also gives ModelOutput::encoded.
  bool gives_encoded = false;

  /// Checks and cleans a batch on the host, where data comes from, and sends it to the device of
  /// the parameters. Errors: an input that is missing, or does not fit its spec or the others.
  CleanBatch clean(const ModelBatch& batch);
  ModelOutput operator()(const ModelBatch& batch);

  // Of the parameters.
  DType dtype();
  Device device();
  /// How products are computed, and (bf16) what activations are stored as; for whoever runs the
  /// model, by a MathScope.
  Math math = Math::f32;
};

}  // namespace heddle
