#include "layers/lstm.h"

#include <string>

#include "core/error.h"
#include "layers/initialise.h"
#include "layers/mixed_precision.h"

namespace heddle {
namespace {

/// Each direction's and gate's block is orthogonal by itself.
Tensor hidden_weights(std::int64_t directions, std::int64_t hidden, Generator stream, DType dtype) {
  Tensor weights = Tensor::empty({directions, 4 * hidden, hidden}, dtype);
  for (std::int64_t direction = 0; direction < directions; ++direction) {
    for (std::int64_t gate = 0; gate < 4; ++gate) {
      weights.select(0, direction)
          .slice(0, gate * hidden, (gate + 1) * hidden)
          .copy_(orthogonal(hidden, hidden, stream, dtype));
    }
  }
  return weights;
}

Lstm::Layer make_layer(std::int64_t in, std::int64_t hidden, const Generator& generator,
                       const LstmOptions& options) {
  const std::int64_t directions = options.bidirectional ? 2 : 1;
  Generator stream = generator.named("weight_input");
  Lstm::Layer layer;
  layer.weight_input = Variable(
      xavier_uniform({directions, 4 * hidden, in}, in, 4 * hidden, stream, options.dtype), true);
  layer.weight_hidden = Variable(
      hidden_weights(directions, hidden, generator.named("weight_hidden"), options.dtype), true);
  if (options.bias) {
    layer.bias = Variable(forget_bias_one(directions, hidden, options.dtype), true);
  }
  return layer;
}

}  // namespace

Lstm::Lstm(std::int64_t in, std::int64_t hidden, const Generator& generator, LstmOptions options)
    : dropout(options.dropout, generator.named("dropout")) {
  check(in > 0 && hidden > 0 && options.layers > 0, "Lstm: got input ", in, ", hidden ", hidden,
        ", layers ", options.layers, "; expected at least 1 of each");
  const std::int64_t width = options.bidirectional ? 2 * hidden : hidden;
  for (std::int64_t k = 0; k < options.layers; ++k) {
    layers.push_back(
        make_layer(k == 0 ? in : width, hidden, generator.named(std::to_string(k)), options));
  }
}

LstmResult Lstm::operator()(const Variable& x, const Tensor& lengths) {
  LstmResult result;
  result.y = x;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const Variable in = k == 0 ? x : dropout(result.y);
    const Layer& layer = layers[k];
    result = lstm(in, cast_like(layer.weight_input, in), cast_like(layer.weight_hidden, in),
                  cast_like(layer.bias, in), lengths);
  }
  return result;
}

void Lstm::Layer::visit(Visitor& visitor) {
  visitor.parameter("weight_input", weight_input);
  visitor.parameter("weight_hidden", weight_hidden);
  visitor.parameter("bias", bias);
}

void Lstm::visit(Visitor& visitor) {
  for (std::size_t k = 0; k < layers.size(); ++k) {
    visitor.layer(std::to_string(k), layers[k]);
  }
  visitor.layer("dropout", dropout);
}

Variable final_states(const LstmResult& result) {
  const Shape shape = result.h_n.shape();
  return reshape(permute(result.h_n, {1, 0, 2}), {shape[1], shape[0] * shape[2]});
}

}  // namespace heddle
