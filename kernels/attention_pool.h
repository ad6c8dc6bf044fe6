#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// Additive attention that pools a sequence into one vector per row of the batch:
///   e[t, b] = w · u[t, b, :],   a[:, b] = softmax of e[t, b] over t < lengths[b],
///   pooled[b, :] = Σ_t a[t, b] u[t, b, :]
///   u [time, batch, hidden], w [hidden], lengths i64 [batch] or not given, a [time, batch],
///   pooled [batch, hidden]; contiguous, f32 or f64; GPU: also bf16, computed in f32. Length 0: a
///   and pooled are 0.
/// Bahdanau et al., arXiv 1409.0473 (§3.1, with the score's inner layer taken outside as u).
struct AttentionPoolKernels {
  void (*forward)(Stream&, const ConstView& u, const ConstView& w, const ConstView& lengths,
                  const View& a, const View& pooled);
  /// Saved: u, w, a. da (gradient of the weights themselves, [time, batch]) may be not given.
  ///   de = a (g − Σ_t a g) with g[t, b] = dpooled[b] · u[t, b] + da[t, b]
  ///   du = a ⊗ dpooled + de ⊗ w,  dw = Σ_{t,b} de[t, b] u[t, b]
  void (*backward)(Stream&, const ConstView& u, const ConstView& w, const ConstView& lengths,
                   const ConstView& a, const ConstView& dpooled, const ConstView& da,
                   const View& du, const View& dw);
};

}  // namespace heddle
