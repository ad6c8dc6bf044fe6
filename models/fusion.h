#pragma once

#include <cstdint>

#include "layers/attention_pool.h"
#include "layers/linear_tanh.h"

namespace heddle {

/// Steps, each seen together with what is known of the whole sample, and attention over them:
///   u_t = tanh(W [s_t ; c] + b)
///   a_t = softmax_t(w · u_t)
///   y = Σ_t a_t u_t
/// The part W_c c + b is the same for all t and computed once per sample.
struct Fusion {
  /// `context_width` may be 0.
  Fusion(std::int64_t step_width, std::int64_t context_width, std::int64_t hidden,
         const Generator& generator, DType dtype);

  /// steps [T, B, step_width], context [B, context_width] or undefined, lengths i64 [B] or
  /// undefined → values [B, hidden], weights [T, B].
  Pooled operator()(const Variable& steps, const Variable& context, const Tensor& lengths) const;
  void visit(Visitor& visitor);

  LinearTanh linear;
  AttentionPool attention;
};

}  // namespace heddle
