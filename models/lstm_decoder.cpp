#include "models/lstm_decoder.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/mixed_precision.h"

namespace heddle {
namespace {

/// x [steps, batch, width] → [batch, 1, steps, width], as attention takes it.
Variable one_head(const Variable& x) {
  return reshape(permute(x, {1, 0, 2}), {x.size(1), 1, x.size(0), x.size(2)});
}

/// The inverse.
Variable from_one_head(const Variable& x) {
  return permute(reshape(x, {x.size(0), x.size(2), x.size(3)}), {1, 0, 2});
}

/// Each sentence `rows` times, side by side: [keys, S, width] → [keys, S · rows, width].
SequenceMemory repeated(const SequenceMemory& memory, std::int64_t rows) {
  const Shape& shape = memory.states.shape();
  SequenceMemory result;
  result.states = reshape(expand(reshape(memory.states, {shape[0], shape[1], 1, shape[2]}),
                                 {shape[0], shape[1], rows, shape[2]}),
                          {shape[0], shape[1] * rows, shape[2]});
  if (memory.lengths.defined()) {
    result.lengths =
        memory.lengths.unsqueeze(1).expand({shape[1], rows}).contiguous().reshape({-1});
  }
  return result;
}

}  // namespace

MemoryAttention::MemoryAttention(std::int64_t width, MemoryAttentionKind kind,
                                 const Generator& generator, DType dtype)
    : memory(width, width, generator.named("memory"), {.bias = false, .dtype = dtype}) {
  if (kind == MemoryAttentionKind::additive) {
    query.emplace(width, width, generator.named("query"), LinearOptions{.dtype = dtype});
    score.emplace(width, 1, generator.named("score"), LinearOptions{.bias = false, .dtype = dtype});
  }
}

Variable MemoryAttention::operator()(const Variable& queries, const SequenceMemory& seen) const {
  const Variable keys = memory(seen.states);
  if (!query.has_value()) {
    return from_one_head(
        attention(one_head(queries), one_head(keys), one_head(seen.states), seen.lengths));
  }
  const std::int64_t steps = queries.size(0);
  const std::int64_t batch = queries.size(1);
  const std::int64_t width = queries.size(2);
  const std::int64_t count = keys.size(0);
  const Variable asked = reshape((*query)(queries), {steps, batch, 1, width});
  const Variable offered = reshape(permute(keys, {1, 0, 2}), {1, batch, count, width});
  const Variable scores = reshape((*score)(tanh(add(asked, offered))), {steps, batch, count});
  const Tensor limits = seen.lengths.defined()
                            ? seen.lengths.unsqueeze(0).expand({steps, batch}).contiguous()
                            : Tensor();
  const Variable weights = permute(softmax(scores, limits), {1, 0, 2});  // [batch, steps, keys]
  return permute(matmul(weights, permute(seen.states, {1, 0, 2})), {1, 0, 2});
}

void MemoryAttention::visit(Visitor& visitor) {
  visitor.layer("memory", memory);
  if (query.has_value()) {
    visitor.layer("query", *query);
    visitor.layer("score", *score);
  }
}

LstmDecoder::LstmDecoder(std::int64_t width, const SequenceToSequenceConfig& config,
                         const Generator& generator, DType dtype)
    : lstm_(width, width, generator.named("lstm"),
            {.layers = config.decoder_layers, .dropout = config.dropout, .dtype = dtype}),
      attention_(width, config.attention, generator.named("attention"), dtype),
      join_(2 * width, width, generator.named("join"), {.dtype = dtype}),
      dropout_(config.dropout, generator.named("dropout")) {
  for (std::int64_t k = 0; k < config.decoder_layers; ++k) {
    first_.emplace_back(width, width, generator.named(concat("first.", k)),
                        LinearOptions{.dtype = dtype});
  }
}

LstmResult LstmDecoder::sweep(std::size_t layer, const Variable& x, const Variable& h,
                              const Variable& c) const {
  const Lstm::Layer& weights = lstm_.layers[layer];
  return lstm(x, cast_like(weights.weight_input, x), cast_like(weights.weight_hidden, x),
              cast_like(weights.bias, x), {}, h, c);
}

Variable LstmDecoder::first_state(std::size_t layer, const SequenceMemory& memory) const {
  // A query of zeros looks at all keys alike, so that attention is their mean.
  const Variable values = one_head(memory.states);
  const Variable zeros(Tensor::zeros({memory.states.size(1), 1, 1, memory.states.size(2)},
                                     memory.states.dtype(), memory.states.device()));
  const Variable mean = from_one_head(attention(zeros, values, values, memory.lengths));
  return first_[layer](mean);
}

Variable LstmDecoder::look(const Variable& states, const SequenceMemory& memory) const {
  return join_(concat({attention_(states, memory), states}, 2));
}

Variable LstmDecoder::operator()(const Variable& x, const SequenceMemory& memory) {
  Variable states = x;
  for (std::size_t k = 0; k < lstm_.layers.size(); ++k) {
    const Variable h = first_state(k, memory);
    const Variable c(Tensor::zeros(h.shape(), h.dtype(), h.device()));
    states = sweep(k, k == 0 ? states : lstm_.dropout(states), h, c).y;
  }
  return dropout_(look(states, memory));
}

class LstmDecoder::CachedSteps : public SequenceDecoder::Steps {
 public:
  CachedSteps(LstmDecoder& decoder, const SequenceMemory& memory, std::int64_t rows)
      : decoder_(decoder), memory_(repeated(memory, rows)) {
    for (std::size_t k = 0; k < decoder.lstm_.layers.size(); ++k) {
      hidden_.push_back(decoder.first_state(k, memory_));
      cells_.emplace_back(
          Tensor::zeros(hidden_[k].shape(), hidden_[k].dtype(), hidden_[k].device()));
    }
  }

  Variable next(const Variable& x) override {
    const NoGrad no_grad;
    Variable states = reshape(x, {1, x.size(0), x.size(1)});
    for (std::size_t k = 0; k < hidden_.size(); ++k) {
      const LstmResult result = decoder_.sweep(k, states, hidden_[k], cells_[k]);
      states = result.y;
      hidden_[k] = result.h_n;
      cells_[k] = result.c_n;
    }
    return reshape(decoder_.look(states, memory_), x.shape());
  }

  void choose(const Tensor& parents) override {
    const NoGrad no_grad;
    for (std::size_t k = 0; k < hidden_.size(); ++k) {
      for (Variable* state : {&hidden_[k], &cells_[k]}) {
        const Shape shape = state->shape();
        *state = reshape(embedding(reshape(*state, {shape[1], shape[2]}), parents), shape);
      }
    }
  }

 private:
  LstmDecoder& decoder_;
  SequenceMemory memory_;
  Variables hidden_;  // per layer, [1, rows, width]
  Variables cells_;
};

std::unique_ptr<SequenceDecoder::Steps> LstmDecoder::begin(const SequenceMemory& memory,
                                                           std::int64_t rows) {
  const NoGrad no_grad;
  return std::make_unique<CachedSteps>(*this, memory, rows);
}

void LstmDecoder::visit(Visitor& visitor) {
  visitor.layer("lstm", lstm_);
  for (std::size_t k = 0; k < first_.size(); ++k) {
    visitor.layer(concat("first.", k), first_[k]);
  }
  visitor.layer("attention", attention_);
  visitor.layer("join", join_);
  visitor.layer("dropout", dropout_);
}

}  // namespace heddle
