#pragma once

#include <cstdint>
#include <optional>

#include "layers/attention_pool.h"
#include "layers/linear_tanh.h"
#include "models/config.h"
#include "models/encoded_steps.h"

namespace heddle {

/// One vector out of an encoded sequence:
///   attention: u_t = tanh(W s_t + b), Σ_t softmax_t(w · u_t) u_t     [B, hidden]
///   final: the last state of each direction                          [B, step_width]
struct StepPool {
  StepPool(SequencePool kind, std::int64_t step_width, std::int64_t hidden,
           const Generator& generator, DType dtype);

  /// Errors: `final` of an encoder that has none.
  Variable operator()(const EncodedSteps& steps) const;
  void visit(Visitor& visitor);
  std::int64_t width() const { return out_width; }

  std::int64_t out_width;
  std::optional<LinearTanh> linear;        // attention
  std::optional<AttentionPool> attention;  // attention
};

}  // namespace heddle
