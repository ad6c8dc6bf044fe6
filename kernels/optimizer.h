#pragma once

#include <cstdint>
#include <span>

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// One parameter of an update over many. All views contiguous, of one shape, f32 or f64.
struct UpdateSlot {
  View value;
  ConstView gradient;
  View first;                  // Adam: first moment; SGD: velocity (not given where momentum is 0)
  View second;                 // Adam: second moment
  double learning_rate = 0.0;  // before the step's rate_factor
  double weight_decay = 0.0;
  /// A table of rows (rank 2): rows whose gradient is exactly zero in this step are left untouched,
  /// value and moments alike ("lazy" Adam; differs from dense Adam, which keeps moving them).
  bool touched_rows_only = false;
};

struct AdamOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// true: decay acts on the weight, value −= lr·decay·value (AdamW, Loshchilov & Hutter, arXiv
  /// 1711.05101); false: decay·value is added to the gradient.
  bool decoupled_decay = true;
};

struct SgdOptions {
  double momentum = 0.0;
  bool nesterov = false;
};

/// The numbers of an update that change from step to step. They stand in device memory, as an f64
/// tensor [StepScalars::count] in this order, so that a captured step can be replayed with other
/// numbers and nothing about a step must be told to the host.
struct StepScalars {
  // Written by the host before each step.
  double step = 1.0;         // counted from 1
  double rate_factor = 1.0;  // learning rates are multiplied by it (a schedule)
  double correction1 = 1.0;  // 1 − β₁ᵗ, t = step (Adam)
  double correction2 = 1.0;  // 1 − β₂ᵗ
  // Written by squared_norm and clip; the host clears the sums when it has read them.
  double squared_norm = 0.0;    // Σ g² over all gradients
  double gradient_scale = 1.0;  // gradients are multiplied by it (clipping)
  double loss = 0.0;            // of the last step that clip saw, the failed one included
  double gradient_norm = 0.0;   // of the same step, before clipping
  double loss_sum = 0.0;        // over steps, failed ones not counted
  double gradient_norm_sum = 0.0;
  /// The first step whose loss or norm was not finite; 0: none. From it on nothing is updated, so
  /// that the weights stay as they were before it until the host looks.
  double failed_step = 0.0;

  static constexpr int host_count = 4;  // of them are the host's, the first ones
  static constexpr int count = 11;
};
static_assert(sizeof(StepScalars) == StepScalars::count * sizeof(double));

/// `scalars` is the tensor of StepScalars, on the device of the slots.
struct OptimizerKernels {
  /// Kingma & Ba, arXiv 1412.6980, with  value −= lr · (m / c₁) / (√v / √c₂ + ε),  lr =
  /// learning_rate · rate_factor, c the corrections. The gradient is first multiplied by
  /// gradient_scale. All slots in one pass. Nothing changes where failed_step is not 0.
  void (*adam)(Stream&, const AdamOptions&, const ConstView& scalars, std::span<const UpdateSlot>);
  /// velocity = momentum·velocity + g;  value −= lr·velocity (Nesterov: lr·(g +
  /// momentum·velocity)). The rest as adam.
  void (*sgd)(Stream&, const SgdOptions&, const ConstView& scalars, std::span<const UpdateSlot>);
  /// scalars.squared_norm = Σ g² over all slots' gradients, accumulated in double by a fixed tree.
  void (*squared_norm)(Stream&, std::span<const UpdateSlot>, const View& scalars);
  /// What the step's loss (one f32 or f64 value) and squared_norm mean for its update, where no
  /// step failed before: loss and gradient_norm = √squared_norm are noted and, where both are
  /// finite, added to the sums, and gradient_scale = largest_norm / gradient_norm where
  /// largest_norm > 0 and the norm is larger, else 1 (Pascanu et al., arXiv 1211.5063). Else
  /// failed_step = step.
  void (*clip)(Stream&, double largest_norm, const ConstView& loss, const View& scalars);
};

}  // namespace heddle
