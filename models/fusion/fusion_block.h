#pragma once

#include <variant>

#include "models/fusion/attention_fusion.h"
#include "models/fusion/bilinear_fusion.h"
#include "models/fusion/co_attention_fusion.h"
#include "models/fusion/concat_fusion.h"
#include "models/fusion/cross_modal_fusion.h"
#include "models/fusion/gated_fusion.h"
#include "models/fusion/low_rank_fusion.h"
#include "models/fusion/memory_fusion.h"
#include "models/fusion/tensor_fusion.h"

namespace heddle {

/// Any fusion but "late" (which has classifiers of its own: late_fusion.h): modalities in, one
/// vector per sample out; with spec.each_step, aligned modalities in, one vector per step out.
struct FusionBlock {
  /// Errors (InputError): as the fusion's own; kind "late".
  FusionBlock(const FusionSpec& spec, const FusionConfig& config, const Generator& generator);

  /// Inputs with vectors, or (a fusion that reads steps) with either; with each_step all have steps
  /// [T, B, width], as many in each.
  Fused operator()(const FusionInputs& inputs);
  void visit(Visitor& visitor);

  bool reads_steps;
  bool each_step;
  std::variant<ConcatFusion, AttentionFusion, GatedFusion, TensorFusion, LowRankFusion,
               BilinearFusion, MemoryFusion, CoAttentionFusion, CrossModalFusion>
      fusion;
};

}  // namespace heddle
