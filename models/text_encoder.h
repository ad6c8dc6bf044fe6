#pragma once

#include <cstdint>
#include <optional>

#include "layers/dropout.h"
#include "layers/embedding.h"
#include "layers/lstm.h"
#include "models/config.h"
#include "models/encoded_steps.h"

namespace heddle {

/// Words → states that have read the sentence from both sides:
///   e_t = Embedding(token_t),  s = BiLSTM(e)    (no layers: s = e, read from no side)
struct TextEncoder {
  /// `hidden` per direction.
  TextEncoder(std::int64_t vocabulary, std::int64_t hidden, const TokenEncoderConfig& config,
              const Generator& generator, DType dtype);

  /// tokens i64 [T, B], lengths i64 [B] or undefined → states [T, B, width].
  EncodedSteps operator()(const Tensor& tokens, const Tensor& lengths);
  void visit(Visitor& visitor);
  std::int64_t width() const { return lstm ? 2 * hidden : embedding.weight.size(1); }

  std::int64_t hidden;
  Embedding embedding;
  Dropout dropout;
  std::optional<Lstm> lstm;
};

}  // namespace heddle
