#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "layers/linear.h"
#include "layers/visit.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// Low-rank multimodal fusion (Liu et al. 2018, arXiv 1806.00064, §3.2): tensor fusion whose weight
/// is a sum of `rank` outer products, so that the tensor itself is never formed.
///   y = Σ_{i=1..rank} ∏_m (F_{m,i} [x_m ; 1])        ∏ element by element; F_{m,i} [width, in + 1]
/// The last column of each F starts at rank^(−1/M), so that a product starts as 1/rank and a sum
/// of its factors' inputs, and not as a product of numbers near 0. An absent modality's x is 0: its
/// last column remains.
struct LowRankFusion {
  LowRankFusion(const FusionSpec& spec, const FusionConfig& config, const Generator& generator);

  Fused operator()(const FusionInputs& inputs) const;
  void visit(Visitor& visitor);

  std::int64_t rank;
  std::vector<std::string> names;
  std::vector<Linear> factors;  // F_{m,i}, one below the other; the bias is the last column
};

}  // namespace heddle
