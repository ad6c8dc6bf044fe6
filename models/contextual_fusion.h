#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "layers/dropout.h"
#include "layers/linear.h"
#include "layers/lstm.h"
#include "models/config.h"
#include "models/fusion/fusion_block.h"
#include "models/fusion/late_fusion.h"
#include "models/model.h"

namespace heddle {

/// Fusion of the modalities of each utterance of a video, for ContextualSentiment:
///   features:  x_m = P_m f_m + c_m,                s = BiLSTM(fusion(x_1, …, x_M))
///   states:    x_m = P_m BiLSTM_m(f_m) + c_m,      s = fusion(x_1, …, x_M)
/// f_m [U, B, in_m] being a modality's features, x_m [U, B, hidden]. Fusions that read steps see
/// the utterances of a video as steps, the others each utterance by itself. Kind "late" (states)
/// gives predictions in the place of s, from x_m = tanh(P_m BiLSTM_m(f_m) + c_m) as wide as the
/// dense layer (dense = 0: as above): the model without fusion, once per modality.
struct ContextualFusion {
  struct Modality {
    std::optional<Lstm> lstm;  // states
    Linear projection;         // P_m, c_m
    void visit(Visitor& visitor);
  };

  /// `widths`: of each modality's features.
  ContextualFusion(const ModelConfig& config, const std::vector<InputSpec>& inputs,
                   const std::vector<std::int64_t>& widths, std::int64_t classes, bool with_score,
                   const Generator& generator);

  /// features [U, B, in_m] of each modality, present bool [U, B] (or undefined) of each, lengths
  /// i64 [B] (or undefined) → s [U, B, width()].
  Variable operator()(const Variables& features, const std::vector<Tensor>& present,
                      const Tensor& lengths);
  /// Kind "late": the same → logits [U, B, classes] and score [U, B].
  ModelOutput predictions(const Variables& features, const std::vector<Tensor>& present,
                          const Tensor& lengths);
  void visit(Visitor& visitor);
  std::int64_t width() const { return lstm.has_value() ? 2 * hidden : hidden; }

  std::int64_t hidden;
  std::vector<std::string> names;
  std::vector<Modality> modalities;
  std::optional<FusionBlock> fusion;
  std::optional<LateFusion> late;  // in the place of the fusion
  std::optional<Lstm> lstm;        // features
  bool is_dense;                   // late, with a dense layer
  Dropout dropout;                 // on states
  Dropout dense_dropout;           // on the dense layers' results

 private:
  FusionInputs projected(const Variables& features, const std::vector<Tensor>& present,
                         const Tensor& lengths);
};

}  // namespace heddle
