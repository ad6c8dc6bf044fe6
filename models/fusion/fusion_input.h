#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autograd/variable.h"
#include "core/dtype.h"
#include "models/encoded_steps.h"

namespace heddle {

/// One modality of a batch after its encoder, as fusions take it: a vector per sample, or steps.
struct FusionInput {
  Variable vector;  // [B, width]; undefined where there are steps
  Variable steps;   // [T, B, width], or undefined
  Tensor lengths;   // of the steps, i64 [B]; undefined: all T
  /// bool [B] (of steps also [T, B]): false where there is nothing to be seen; what stands in the
  /// values there reaches neither a result nor a gradient. Undefined: all present.
  Tensor present;
};
using FusionInputs = std::vector<FusionInput>;

/// What a fusion is told when it is built.
struct FusionSpec {
  std::vector<std::string> names;  // of the modalities, in the order of the inputs
  std::int64_t width = 0;          // of what comes in, and of the result
  bool each_step = false;          // one result per step of aligned modalities, not per sample
  DType dtype = DType::f32;
};

/// What a fusion gives.
struct Fused {
  Variable values;  // [B, width]; with each_step [T, B, width]
  /// For the report, or undefined: how much of each modality was let through, [modalities, B].
  Tensor modality_weights;
};

/// x [.., n] where `present` (x's leading shape) is true, else a constant.
Variable where_present(const Variable& x, const Tensor& present, double otherwise);

/// The vectors, zeros where absent. Errors: a modality without.
Variables present_vectors(const FusionInputs& inputs);

/// Steps with what may be seen of them.
struct VisibleSteps {
  Variable values;  // [T, B, width]; 0 where not visible
  Tensor visible;   // bool [T, B]
  Tensor mask;      // the same as 1 and 0, in the type of the values
};
/// A modality that has a vector alone is one step.
VisibleSteps visible_steps(const FusionInput& input);

/// Softmax over dimension 0 among what is visible: scores [N, B], visible bool [N, B] → [N, B],
/// zeros where not visible (a column without anything visible is all 0).
Variable visible_softmax(const Variable& scores, const Tensor& visible);

/// Σ_t weights[t, b] · x[t, b, :]: x [T, B, width], weights [T, B] → [B, width].
Variable weighted_sum(const Variable& x, const Variable& weights);

/// The mean over visible steps, zeros where there is none: [B, width].
Variable mean_of(const VisibleSteps& steps);
/// The mean of what is within its length (of an encoder's steps): [B, width].
Variable mean_of_steps(const EncodedSteps& steps);
/// The last visible step (visible steps come first): [B, width].
Variable last_of(const VisibleSteps& steps);

}  // namespace heddle
