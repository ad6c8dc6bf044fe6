#pragma once

#include <vector>

#include "layers/layer_norm.h"
#include "layers/transformer_block.h"
#include "models/sequence_decoder.h"

namespace heddle {

/// Blocks of causal self-attention, attention over the memory and a feed-forward part, and a last
/// norm. Vaswani et al., arXiv 1706.03762, in the pre-norm order of layers/transformer_block.h.
class TransformerDecoder : public SequenceDecoder {
 public:
  TransformerDecoder(std::int64_t width, const SequenceToSequenceConfig& config,
                     const Generator& generator, DType dtype);

  Variable operator()(const Variable& x, const SequenceMemory& memory) override;
  std::unique_ptr<Steps> begin(const SequenceMemory& memory, std::int64_t rows) override;
  void visit(Visitor& visitor) override;

 private:
  class CachedSteps;

  std::vector<TransformerBlock> blocks_;
  LayerNorm norm_;
};

}  // namespace heddle
