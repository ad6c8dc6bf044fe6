#include "models/sequence_encoder.h"

#include <string>

#include "core/error.h"

namespace heddle {

SequenceEncoder::SequenceEncoder(std::int64_t width, const SequenceToSequenceConfig& config,
                                 const Generator& generator, DType dtype) {
  if (config.encoder == SequenceCoderKind::lstm) {
    check<InputError>(width % 2 == 0, "sequence_to_sequence: hidden is ", width,
                      "; expected an even number, for half of it goes to each direction");
    lstm.emplace(width, width / 2, generator.named("lstm"),
                 LstmOptions{.layers = config.encoder_layers,
                             .bidirectional = true,
                             .dropout = config.dropout,
                             .dtype = dtype});
    return;
  }
  for (std::int64_t k = 0; k < config.encoder_layers; ++k) {
    blocks.emplace_back(width,
                        TransformerBlockOptions{.heads = config.heads,
                                                .feed_forward = config.feed_forward,
                                                .dropout = config.dropout,
                                                .dtype = dtype},
                        generator.named(std::to_string(k)));
  }
  norm.emplace(width, 1e-5, dtype);
}

SequenceMemory SequenceEncoder::operator()(const Variable& x, const Tensor& lengths) {
  if (lstm.has_value()) {
    return {(*lstm)(x, lengths).y, lengths};
  }
  Variable states = x;
  for (TransformerBlock& block : blocks) {
    states = block(states, {.key_lengths = lengths});
  }
  return {(*norm)(states), lengths};
}

void SequenceEncoder::visit(Visitor& visitor) {
  if (lstm.has_value()) {
    visitor.layer("lstm", *lstm);
    return;
  }
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    visitor.layer(std::to_string(k), blocks[k]);
  }
  visitor.layer("norm", *norm);
}

}  // namespace heddle
