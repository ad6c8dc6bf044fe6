#pragma once

#include <cstdint>

#include "layers/embedding.h"
#include "layers/linear.h"
#include "models/config.h"
#include "models/transformer_encoder.h"

namespace heddle {

/// Words → Transformer states: e_t = Embedding(token_t), then a TransformerEncoder of the
/// embedding's width. Embeddings start with deviation 1, so they are not scaled up by √width
/// against the positions as in Vaswani et al., §3.4.
struct TextTransformer {
  TextTransformer(std::int64_t vocabulary, const TokenEncoderConfig& config,
                  const Generator& generator, DType dtype);

  /// tokens i64 [T, B], lengths i64 [B] or undefined → states [T, B, embedding].
  EncodedSteps operator()(const Tensor& tokens, const Tensor& lengths);
  void visit(Visitor& visitor);
  std::int64_t width() const { return encoder.width(); }

  Embedding embedding;
  TransformerEncoder encoder;
};

/// Frames → a linear projection → Transformer states.
struct SequenceTransformer {
  SequenceTransformer(std::int64_t features, std::int64_t width,
                      const SequenceEncoderConfig& config, const Generator& generator, DType dtype);

  /// frames [T, B, features], lengths i64 [B] or undefined → states [T, B, width].
  EncodedSteps operator()(const Tensor& frames, const Tensor& lengths);
  void visit(Visitor& visitor);
  std::int64_t width() const { return encoder.width(); }

  Linear input;
  TransformerEncoder encoder;
};

}  // namespace heddle
