#include "models/text_encoder.h"

#include "autograd/ops.h"
#include "layers/mixed_precision.h"
#include "models/input_watch.h"
#include "models/masked_steps.h"

namespace heddle {

TextEncoder::TextEncoder(std::int64_t vocabulary, std::int64_t hidden_,
                         const TokenEncoderConfig& config, const Generator& generator, DType dtype)
    : hidden(hidden_),
      embedding(vocabulary, config.embedding, generator.named("embedding"),
                {.deviation = config.embedding_deviation, .dtype = dtype}),
      dropout(config.dropout, generator.named("dropout")) {
  if (config.layers > 0) {
    lstm.emplace(config.embedding, hidden_, generator.named("lstm"),
                 LstmOptions{.layers = config.layers,
                             .bidirectional = true,
                             .dropout = config.dropout,
                             .dtype = dtype});
  }
}

EncodedSteps TextEncoder::operator()(const Tensor& tokens, const Tensor& lengths) {
  const Variable words = InputWatch::seen(tokens, embedding(tokens));
  const DType type = activation_type(words.dtype(), words.device());
  const Variable read = dropout(cast(words, type));
  if (!lstm) {
    return {read, lengths, mean_over_steps(read, lengths)};
  }
  const LstmResult result = (*lstm)(read, lengths);
  return {result.y, lengths, final_states(result)};
}

void TextEncoder::visit(Visitor& visitor) {
  visitor.layer("embedding", embedding);
  visitor.layer("dropout", dropout);
  if (lstm) {
    visitor.layer("lstm", *lstm);
  }
}

}  // namespace heddle
