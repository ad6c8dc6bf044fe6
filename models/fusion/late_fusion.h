#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "layers/visit.h"
#include "models/classifier.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"
#include "models/model.h"

namespace heddle {

/// A classifier per modality, whose logits (and scores) are averaged over what is present (Kittler
/// et al., "On combining classifiers", IEEE PAMI 1998, §2: the sum rule, on logits):
///   y = Σ_m e^{w_m} (W_m x_m + b_m) / Σ_m e^{w_m}      m over the modalities that are present
/// with w learned, or all 0. A sample without anything present gets 0. The shares of the modalities
/// are given back.
struct LateFusion {
  LateFusion(const FusionSpec& spec, const FusionConfig& config, std::int64_t classes,
             bool with_score, const Generator& generator);

  /// Of vectors [.., width]. Fills modality_weights where they are [B, width].
  ModelOutput operator()(const FusionInputs& inputs) const;
  void visit(Visitor& visitor);

  std::vector<std::string> names;
  std::vector<Classifier> classifiers;
  Variable weights;  // w [M], or undefined
};

}  // namespace heddle
