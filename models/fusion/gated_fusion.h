#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "layers/linear.h"
#include "layers/linear_tanh.h"
#include "layers/visit.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// Gated multimodal unit for any number of modalities (Arevalo et al. 2017, arXiv 1702.01992, §3,
/// the general form with one gate per modality):
///   h_m = tanh(W_m x_m + b_m)
///   z_m = σ(G_m [x_1 ; … ; x_M] + g_m)
///   y   = Σ_m z_m ∘ h_m
/// An absent modality is left out of the sum, and is 0 to the gates of the others. The mean of each
/// gate is given back.
struct GatedFusion {
  GatedFusion(const FusionSpec& spec, const Generator& generator);

  Fused operator()(const FusionInputs& inputs) const;
  void visit(Visitor& visitor);

  std::vector<std::string> names;
  std::vector<LinearTanh> values;  // W_m, b_m
  Linear gates;                    // all G_m and g_m, one below the other: [M·width, M·width]
};

}  // namespace heddle
