#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

struct AttentionOptions {
  double scale = 1.0;   // scores are scale · q·k
  bool causal = false;  // query i sees keys ≤ i + (keys − queries)
};

/// Scaled dot-product attention: out = softmax(scale · q kᵀ) v over the visible keys.
///   q [batch, heads, queries, width], k [batch, heads, keys, width], v [batch, heads, keys,
///   value_width], key_lengths i64 [batch] or not given, mask bool [batch, heads, queries, keys]
///   (true = visible; may be expanded by strides of 0) or not given, out [batch, heads, queries,
///   value_width], logsumexp [batch, heads, queries] saved for backward. Any strides but a last one
///   of 1; f32, f64, and on the GPU backends bf16, with logsumexp in f32: rounded to bf16 it would
///   change every weight that backward computes from it by up to 2⁻⁸ of its exponent.
/// A query that sees no key gives zeros (logsumexp −∞) and passes no gradient.
/// Vaswani et al., arXiv 1706.03762; backward recomputes the weights as in Dao et al., arXiv
/// 2205.14135.
struct AttentionKernels {
  void (*forward)(Stream&, const AttentionOptions&, const ConstView& q, const ConstView& k,
                  const ConstView& v, const ConstView& key_lengths, const ConstView& mask,
                  const View& out, const View& logsumexp);
  void (*backward)(Stream&, const AttentionOptions&, const ConstView& q, const ConstView& k,
                   const ConstView& v, const ConstView& key_lengths, const ConstView& mask,
                   const ConstView& out, const ConstView& logsumexp, const ConstView& dout,
                   const View& dq, const View& dk, const View& dv);
};

}  // namespace heddle
