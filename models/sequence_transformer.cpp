#include "models/sequence_transformer.h"

#include "autograd/ops.h"
#include "layers/mixed_precision.h"
#include "models/input_watch.h"

namespace heddle {

TextTransformer::TextTransformer(std::int64_t vocabulary, const TokenEncoderConfig& config,
                                 const Generator& generator, DType dtype)
    : embedding(vocabulary, config.embedding, generator.named("embedding"),
                {.deviation = config.embedding_deviation, .dtype = dtype}),
      encoder({.width = config.embedding,
               .layers = config.layers,
               .dropout = config.dropout,
               .transformer = config.transformer,
               .dtype = dtype},
              generator.named("encoder")) {}

EncodedSteps TextTransformer::operator()(const Tensor& tokens, const Tensor& lengths) {
  const Variable words = InputWatch::seen(tokens, embedding(tokens));
  return encoder(cast(words, activation_type(words.dtype(), words.device())), lengths);
}

void TextTransformer::visit(Visitor& visitor) {
  visitor.layer("embedding", embedding);
  visitor.layer("encoder", encoder);
}

SequenceTransformer::SequenceTransformer(std::int64_t features, std::int64_t width,
                                         const SequenceEncoderConfig& config,
                                         const Generator& generator, DType dtype)
    : input(features, width, generator.named("input"), {.dtype = dtype}),
      encoder({.width = width,
               .layers = config.layers,
               .dropout = config.dropout,
               .transformer = config.transformer,
               .dtype = dtype},
              generator.named("encoder")) {}

EncodedSteps SequenceTransformer::operator()(const Tensor& frames, const Tensor& lengths) {
  return encoder(input(InputWatch::seen(frames, Variable(frames))), lengths);
}

void SequenceTransformer::visit(Visitor& visitor) {
  visitor.layer("input", input);
  visitor.layer("encoder", encoder);
}

}  // namespace heddle
