#pragma once

#include <cstdint>

#include "core/random.h"
#include "layers/attention_pool.h"
#include "layers/linear.h"
#include "layers/visit.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// Additive attention (Bahdanau et al., arXiv 1409.0473, §A.1.2) over tokens x_j of all modalities:
/// a modality's vector is one token, each of its steps is one where it has steps. All tokens meet
/// in one softmax, and each is seen together with the whole sample:
///   c   = [v_1 ; … ; v_M]              v_m: modality m's vector, or the mean of its steps
///   u_j = tanh(W x_j + V c + b_m)      m: the modality of token j
///   a_j = softmax_j(w · u_j)           over what is present
///   y   = Σ_j a_j u_j
/// A sample without anything present gives 0. The weights of a modality's tokens, added up, are
/// given back.
struct AttentionFusion {
  AttentionFusion(const FusionSpec& spec, const Generator& generator);

  Fused operator()(const FusionInputs& inputs) const;
  void visit(Visitor& visitor);

  Linear token;             // W, without bias
  Linear context;           // V, without bias
  Variable modality;        // b [M, width]
  AttentionPool attention;  // w
};

}  // namespace heddle
