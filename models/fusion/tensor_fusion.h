#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "layers/linear_tanh.h"
#include "layers/visit.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// Tensor fusion network (Zadeh et al. 2017, arXiv 1707.07250, §4.2): all products of numbers of
/// different modalities, of each modality at most one.
///   z_m = tanh(W_m x_m + b_m)                                 `width` numbers
///   y   = tanh(W vec([z_1 ; 1] ⊗ … ⊗ [z_M ; 1]) + b)          (width + 1)^M numbers under W
/// An absent modality's z is 0, so that the products of the others remain.
struct TensorFusion {
  /// Errors (InputError): (width + 1)^M above 2²⁰.
  TensorFusion(const FusionSpec& spec, const FusionConfig& config, const Generator& generator);

  Fused operator()(const FusionInputs& inputs) const;
  void visit(Visitor& visitor);

  std::vector<std::string> names;
  std::vector<LinearTanh> factors;  // W_m, b_m
  LinearTanh linear;                // W, b
};

}  // namespace heddle
