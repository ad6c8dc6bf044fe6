#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "layers/linear.h"
#include "layers/visit.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// Multi-modal factorised bilinear pooling (Yu et al. 2017, arXiv 1708.01471, §3), of every pair
/// of modalities:
///   p_mn = Σ over windows of `factors` numbers of (U_mn x_m) ∘ (V_mn x_n)          [B, width]
///   q_mn = p / √(|p| + 10⁻⁶)                     the signed square root, smooth at 0
///   r_mn = q / √(Σ q² + 10⁻¹²)                   length 1
/// Two modalities: y = r_12; more: y = W [r_12 ; r_13 ; …] + b. Where one of a pair is absent its
/// factor is 1, where both are the pair is 0.
struct BilinearFusion {
  struct Pair {
    std::size_t left;
    std::size_t right;
    Linear u;  // [factors·width, width], no bias
    Linear v;
    void visit(Visitor& visitor);
  };

  /// Errors (InputError): fewer than two modalities.
  BilinearFusion(const FusionSpec& spec, const FusionConfig& config, const Generator& generator);

  Fused operator()(const FusionInputs& inputs) const;
  void visit(Visitor& visitor);

  std::int64_t factors;
  std::vector<std::string> names;
  std::vector<Pair> pairs;  // (0, 1), (0, 2), …, (1, 2), …
  std::optional<Linear> linear;

 private:
  Variable pooled(const Pair& pair, const FusionInputs& inputs, const Variables& vectors) const;
};

}  // namespace heddle
