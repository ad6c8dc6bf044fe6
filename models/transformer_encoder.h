#pragma once

#include <cstdint>
#include <vector>

#include "layers/dropout.h"
#include "layers/layer_norm.h"
#include "layers/transformer_block.h"
#include "models/encoded_steps.h"
#include "models/step_positions.h"

namespace heddle {

struct TransformerEncoderOptions {
  std::int64_t width = 0;
  std::int64_t layers = 1;
  double dropout = 0.0;
  TransformerConfig transformer;
  DType dtype = DType::f32;
};

/// A pre-norm Transformer encoder over steps x (Vaswani et al., arXiv 1706.03762; norms as in Xiong
/// et al., arXiv 2002.04745):
///   x₀ = dropout(x + position),  x_k = TransformerBlock_k(x_{k−1}),  states = norm(x_layers)
/// Keys beyond a length are hidden from attention. The summary is the mean of a sample's states.
struct TransformerEncoder {
  TransformerEncoder(const TransformerEncoderOptions& options, const Generator& generator);

  /// x [T, B, width], lengths i64 [B] or undefined → states [T, B, width].
  EncodedSteps operator()(const Variable& x, const Tensor& lengths);
  void visit(Visitor& visitor);
  std::int64_t width() const { return norm.scale.size(0); }

  StepPositions positions;
  Dropout dropout;
  std::vector<TransformerBlock> blocks;
  LayerNorm norm;
};

}  // namespace heddle
