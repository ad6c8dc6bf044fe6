#include "models/transformer_encoder.h"

#include <cstddef>
#include <string>

#include "autograd/ops.h"
#include "models/masked_steps.h"

namespace heddle {

TransformerEncoder::TransformerEncoder(const TransformerEncoderOptions& options,
                                       const Generator& generator)
    : positions(options.transformer.positions, options.transformer.max_steps, options.width,
                generator.named("positions"), options.dtype),
      dropout(options.dropout, generator.named("dropout")),
      norm(options.width, 1e-5, options.dtype) {
  for (std::int64_t k = 0; k < options.layers; ++k) {
    blocks.emplace_back(options.width,
                        TransformerBlockOptions{.heads = options.transformer.heads,
                                                .feed_forward = options.transformer.feed_forward,
                                                .dropout = options.dropout,
                                                .dtype = options.dtype},
                        generator.named("block" + std::to_string(k)));
  }
}

EncodedSteps TransformerEncoder::operator()(const Variable& given, const Tensor& lengths) {
  Variable x = dropout(positions(given));
  for (TransformerBlock& block : blocks) {
    x = block(x, {.key_lengths = lengths});
  }
  x = norm(x);
  return {x, lengths, mean_over_steps(x, lengths)};
}

void TransformerEncoder::visit(Visitor& visitor) {
  visitor.layer("positions", positions);
  visitor.layer("dropout", dropout);
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    visitor.layer("block" + std::to_string(k), blocks[k]);
  }
  visitor.layer("norm", norm);
}

}  // namespace heddle
