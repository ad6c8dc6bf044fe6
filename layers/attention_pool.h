#pragma once

#include <cstdint>

#include "autograd/ops.h"
#include "core/random.h"
#include "layers/visit.h"

namespace heddle {

/// Additive attention over time: softmax_t(weight · u_t) weighs the sum of u_t. u is usually the
/// output of a LinearTanh. Formulas and source in kernels/attention_pool.h.
struct AttentionPool {
  /// Weight by Xavier (uniform). Errors: width below 1.
  AttentionPool(std::int64_t width, const Generator& generator, DType dtype = DType::f32);

  /// u [time, batch, width], lengths i64 [batch] (undefined: all `time`) → values [batch, width],
  /// weights [time, batch].
  Pooled operator()(const Variable& u, const Tensor& lengths = {}) const;
  void visit(Visitor& visitor);

  Variable weight;  // [width]
};

}  // namespace heddle
