#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/random.h"
#include "layers/layer_norm.h"
#include "layers/lstm.h"
#include "layers/transformer_block.h"
#include "models/config.h"
#include "models/sequence_memory.h"

namespace heddle {

/// Embedded tokens → states of the same width, read in both directions: Transformer blocks and a
/// last norm, or a BiLSTM with half the width each way.
struct SequenceEncoder {
  /// Errors (InputError): the width does not divide into the heads, or (lstm) is odd.
  SequenceEncoder(std::int64_t width, const SequenceToSequenceConfig& config,
                  const Generator& generator, DType dtype);

  /// x [steps, batch, width], lengths i64 [batch] or undefined.
  SequenceMemory operator()(const Variable& x, const Tensor& lengths);
  void visit(Visitor& visitor);

  std::vector<TransformerBlock> blocks;
  std::optional<LayerNorm> norm;
  std::optional<Lstm> lstm;
};

}  // namespace heddle
