#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "layers/attention_pool.h"
#include "layers/linear.h"
#include "layers/linear_tanh.h"
#include "layers/visit.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// Parallel co-attention (Lu et al. 2016, arXiv 1606.00061, §3.3) between the steps of every pair
/// of modalities, a [S, width] and b [T, width] of one sample:
///   C   = tanh(a Wᵀ bᵀ)                                   [S, T] affinity; 0 where either is
///   hidden H_a = tanh(a Pᵀ + C (b Qᵀ)),  H_b = tanh(b Qᵀ + Cᵀ (a Pᵀ)) â   = Σ_s softmax_s(w_a ·
///   H_a) a_s,  b̂ = Σ_t softmax_t(w_b · H_b) b_t
/// Then y = tanh(W_y [â_12 ; b̂_12 ; â_13 ; …] + b_y); with each_step that bracket begins with the
/// step of every modality itself, so that each step is seen with what is attended to in the whole.
/// A modality without steps is one step. A modality without anything visible gives 0.
struct CoAttentionFusion {
  struct Pair {
    std::size_t left;
    std::size_t right;
    Linear affinity;                // W, no bias
    Linear p;                       // no bias
    Linear q;                       // no bias
    AttentionPool left_attention;   // w_a
    AttentionPool right_attention;  // w_b
    void visit(Visitor& visitor);
  };

  /// Errors (InputError): fewer than two modalities.
  CoAttentionFusion(const FusionSpec& spec, const Generator& generator);

  Fused operator()(const FusionInputs& inputs) const;
  void visit(Visitor& visitor);

  std::vector<std::string> names;
  bool each_step;
  std::vector<Pair> pairs;  // (0, 1), (0, 2), …, (1, 2), …
  LinearTanh linear;
};

}  // namespace heddle
