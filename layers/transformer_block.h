#pragma once

#include <cstdint>
#include <optional>

#include "core/random.h"
#include "layers/dropout.h"
#include "layers/layer_norm.h"
#include "layers/linear.h"
#include "layers/multihead_attention.h"
#include "layers/visit.h"

namespace heddle {

struct TransformerBlockOptions {
  std::int64_t heads = 4;
  std::int64_t feed_forward = 0;  // width inside; 0: four times the block's
  double dropout = 0.0;           // on what each part adds, and inside the feed-forward part
  bool attends_self = true;
  bool attends_memory = false;
  /// The memory gets a layer norm of its own here (as in MulT); false: it comes normalised.
  bool normalises_memory = false;
  DType dtype = DType::f32;
};

/// One pre-norm block, time first (Vaswani et al., arXiv 1706.03762; the order of the norms is that
/// of Xiong et al., arXiv 2002.04745):
///   x ← x + self(norm(x)),  x ← x + cross(norm(x), memory),  x ← x + W₂ gelu(W₁ norm(x))
/// each addend behind a dropout; parts that are off are left out. Encoders have the first and the
/// last part, decoders all three, a cross-modal block (Tsai et al., ACL 2019, §3.2) the last two.
struct TransformerBlock {
  /// Errors: width is not a multiple of the heads; no attention at all.
  TransformerBlock(std::int64_t width, const TransformerBlockOptions& options,
                   const Generator& generator);

  /// x [steps, batch, width], memory [keys, batch, width] (undefined unless attends_memory) → as x.
  Variable operator()(const Variable& x, const AttentionMask& self_mask = {},
                      const Variable& memory = {}, const AttentionMask& memory_mask = {});
  void visit(Visitor& visitor);

  std::optional<LayerNorm> self_norm;
  std::optional<MultiheadAttention> self;
  std::optional<LayerNorm> cross_norm;
  std::optional<LayerNorm> memory_norm;
  std::optional<MultiheadAttention> cross;
  LayerNorm feed_norm;
  Linear feed_in;
  Linear feed_out;
  Dropout dropout;
};

/// sin and cos of position · 10000^(−2i / width), in even and odd columns (Vaswani et al., §3.5):
/// [steps, width], the first row being position `first`.
Tensor sinusoidal_positions(std::int64_t steps, std::int64_t width, DType dtype = DType::f32,
                            std::int64_t first = 0);

}  // namespace heddle
