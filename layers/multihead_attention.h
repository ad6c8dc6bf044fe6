#pragma once

#include <cstdint>

#include "core/random.h"
#include "layers/linear.h"
#include "layers/visit.h"

namespace heddle {

/// What may be seen, for MultiheadAttention.
struct AttentionMask {
  Tensor key_lengths = {};  // i64 [batch] or undefined
  Tensor visible = {};      // bool, broadcast to [batch, heads, queries, keys], or undefined
  bool causal = false;
};

/// Scaled dot-product attention in several heads, time first. Vaswani et al., arXiv 1706.03762,
/// §3.2.
struct MultiheadAttention {
  /// Four linear layers width → width. Errors: width is not a multiple of heads.
  MultiheadAttention(std::int64_t width, std::int64_t heads, const Generator& generator,
                     DType dtype = DType::f32);

  /// queries [queries, batch, width], memory (keys and values) [keys, batch, width] → [queries,
  /// batch, width].
  Variable operator()(const Variable& queries, const Variable& memory,
                      const AttentionMask& mask = {}) const;
  /// Self-attention.
  Variable operator()(const Variable& x, const AttentionMask& mask = {}) const {
    return (*this)(x, x, mask);
  }
  void visit(Visitor& visitor);

  std::int64_t heads;
  Linear query;
  Linear key;
  Linear value;
  Linear out;
};

}  // namespace heddle
