#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/variable.h"
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

struct ModelOutput {
  /// [B, classes]; groups: [U, B, classes]. Undefined where the model has no classes.
  Variable logits;
  /// [B]; groups: [U, B]. Undefined where the model predicts no number.
  Variable score;
  /// For the report: attention over the time steps of the modality attended to, [T, B], and over
  /// modalities, [modalities, B]; either may be undefined.
  Tensor time_weights;
  Tensor modality_weights;
};

/// A network the training loop can train: what every model of the zoo looks like from outside.
class Model {
 public:
  virtual ~Model() = default;
  virtual ModelOutput operator()(const ModelBatch& batch) = 0;
  virtual void visit(Visitor& visitor) = 0;
  virtual const std::vector<InputSpec>& inputs() const = 0;
  /// Whether it takes groups (all utterances of a video at a time).
  virtual bool takes_groups() const { return false; }
};

}  // namespace heddle
