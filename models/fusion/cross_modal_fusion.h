#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "layers/layer_norm.h"
#include "layers/linear_tanh.h"
#include "layers/transformer_block.h"
#include "layers/visit.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// Multimodal Transformer (Tsai et al., ACL 2019, arXiv 1906.00295, §3): the steps of each
/// modality look at those of each other one, without being aligned.
///   z_m     = √width · x_m + positions                            sinusoidal
///   z_{n→m} = norm(Transformer with steps z_m and memory z_n)     for each n ≠ m, `layers` blocks
///                                                                 of cross-attention
///   s_m     = norm(Transformer over [z_{n→m} for each n ≠ m])     self-attention, (M − 1)·width
///   y       = tanh(W [p_1 ; … ; p_M] + b)                         p_m: mean or last of s_m's
///                                                                 visible steps; each_step: s_m
/// A modality without steps is one step. Hidden steps are attended to by none and count in no mean;
/// an absent modality's p is 0.
struct CrossModalFusion {
  /// Blocks one after the other, and a norm.
  struct Stack {
    std::vector<TransformerBlock> blocks;
    LayerNorm norm;
    void visit(Visitor& visitor);
  };
  struct Crossing {
    std::size_t target;
    std::size_t source;
    Stack stack;
  };

  /// Errors (InputError): fewer than two modalities; a width that is no multiple of the heads.
  CrossModalFusion(const FusionSpec& spec, const FusionConfig& config, const Generator& generator);

  Fused operator()(const FusionInputs& inputs);
  void visit(Visitor& visitor);

  std::vector<std::string> names;
  StatePool pool;
  bool each_step;
  std::vector<Crossing> crossings;  // by target, then source
  std::vector<Stack> within;        // one per target
  LinearTanh linear;

 private:
  /// z_m of one modality; hidden steps 0.
  VisibleSteps placed(const FusionInput& input);
  const Tensor& position_table(std::int64_t steps, const Variable& like);

  /// Sinusoids on the device of the steps. Outgrown tables stay, since captured steps read them.
  std::vector<Tensor> tables_;
};

}  // namespace heddle
