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
  View first;   // Adam: first moment; SGD: velocity (not given where momentum is 0)
  View second;  // Adam: second moment
  double learning_rate = 0.0;
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
  std::int64_t step = 1;  // counted from 1, for the bias corrections
};

struct SgdOptions {
  double momentum = 0.0;
  bool nesterov = false;
};

struct OptimizerKernels {
  /// Kingma & Ba, arXiv 1412.6980, with  value −= lr · (m / c₁) / (√v / √c₂ + ε),  c = 1 − βᵗ.
  /// The gradient is first multiplied by `gradient_scale` (clipping). All slots in one pass.
  void (*adam)(Stream&, const AdamOptions&, double gradient_scale, std::span<const UpdateSlot>);
  /// velocity = momentum·velocity + g;  value −= lr·velocity (Nesterov: lr·(g +
  /// momentum·velocity)).
  void (*sgd)(Stream&, const SgdOptions&, double gradient_scale, std::span<const UpdateSlot>);
  /// Σ g² over all slots' gradients, accumulated in double by a fixed tree.
  double (*squared_norm)(Stream&, std::span<const UpdateSlot>);
};

}  // namespace heddle
