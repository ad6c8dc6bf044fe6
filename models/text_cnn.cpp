#include "models/text_cnn.h"

#include <string>

#include "autograd/ops.h"
#include "layers/mixed_precision.h"
#include "models/input_watch.h"
#include "models/masked_steps.h"

namespace heddle {

TextCnn::TextCnn(std::int64_t vocabulary, const TokenEncoderConfig& config,
                 const Generator& generator, DType dtype)
    : embedding(vocabulary, config.embedding, generator.named("embedding"),
                {.deviation = config.embedding_deviation, .dtype = dtype}),
      dropout(config.dropout, generator.named("dropout")) {
  for (const std::int64_t words : config.widths) {
    filters.emplace_back(config.embedding, config.filters, words,
                         generator.named("conv" + std::to_string(words)),
                         Conv1dOptions{.padding = words / 2, .dtype = dtype});
  }
}

EncodedSteps TextCnn::operator()(const Tensor& tokens, const Tensor& lengths) {
  const Variable words = InputWatch::seen(tokens, embedding(tokens));
  const Variable given = cast(words, activation_type(words.dtype(), words.device()));
  const Variable x = permute(zero_beyond(given, lengths), {1, 2, 0});  // [B, embedding, T]
  Variables found;
  for (const Conv1d& filter : filters) {
    const Variable windows = filter(x, Activation::relu);
    // An even width is padded by one word too many in front.
    found.push_back(filter.weight.size(2) % 2 == 0 ? slice(windows, 2, 1) : windows);
  }
  const Variable states = permute(concat(found, 1), {2, 0, 1});
  // relu is nowhere below 0: zeros beyond a length leave the maximum as it is.
  return {dropout(states), lengths, dropout(max(zero_beyond(states, lengths), 0))};
}

void TextCnn::visit(Visitor& visitor) {
  visitor.layer("embedding", embedding);
  for (Conv1d& filter : filters) {
    visitor.layer("conv" + std::to_string(filter.weight.size(2)), filter);
  }
  visitor.layer("dropout", dropout);
}

std::int64_t TextCnn::width() const {
  return static_cast<std::int64_t>(filters.size()) * filters.front().weight.size(0);
}

}  // namespace heddle
