#pragma once

#include <cstdint>

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

struct CrossEntropyOptions {
  double label_smoothing = 0.0;      // ε: the target is (1−ε) one-hot + ε/classes
  std::int64_t ignore_index = -100;  // rows with this target have loss and weight 0
};

/// Softmax and negative log likelihood in one pass. With lse_r = log Σ_c exp(x[r, c]) and class
/// weights k (1 where not given):
///   loss_r = (1−ε) k_t (lse_r − x[r, t]) + ε/C Σ_c k_c (lse_r − x[r, c]),   t = targets[r]
///   logits x [rows, classes], targets i64 [rows], class_weights [classes] or not given,
///   losses [rows], row_weights [rows] (k_t, 0 where ignored: the mean divides by their sum),
///   logsumexp [rows] saved for backward; contiguous, f32 or f64. GPU: also bf16 logits, dlogits
///   and class_weights, with losses, row_weights, logsumexp and dlosses in f32.
/// Errors: a target outside [0, classes) that is not the ignored one: the message gives row and
/// value.
struct CrossEntropyKernels {
  void (*forward)(Stream&, const CrossEntropyOptions&, const ConstView& logits,
                  const ConstView& targets, const ConstView& class_weights, const View& losses,
                  const View& row_weights, const View& logsumexp);
  /// dlogits[r, c] = dlosses[r] · ∂loss_r/∂x[r, c].
  void (*backward)(Stream&, const CrossEntropyOptions&, const ConstView& logits,
                   const ConstView& targets, const ConstView& class_weights,
                   const ConstView& logsumexp, const ConstView& dlosses, const View& dlogits);
};

}  // namespace heddle
