#pragma once

#include <cstdint>

#include "core/random.h"
#include "layers/linear_tanh.h"
#include "layers/visit.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// The vectors side by side, then one layer (the source document's fusion without its attention):
///   y = tanh(W [x_1 ; … ; x_M] + b)
/// An absent modality's x is 0.
struct ConcatFusion {
  ConcatFusion(const FusionSpec& spec, const Generator& generator);

  Fused operator()(const FusionInputs& inputs) const;
  void visit(Visitor& visitor);

  LinearTanh linear;
};

}  // namespace heddle
