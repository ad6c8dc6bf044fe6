#include "models/transformer_decoder.h"

#include <algorithm>
#include <string>

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {
namespace {

/// [keys, sentences, width] → [sentences, heads, keys, width / heads].
Tensor heads_of_memory(const Variable& x, std::int64_t heads) {
  const Shape& shape = x.shape();
  return permute(reshape(x, {shape[0], shape[1], heads, shape[2] / heads}), {1, 2, 0, 3})
      .value()
      .contiguous();
}

/// Rows `parents` of x [rows, …].
Tensor rows_of(const Tensor& x, const Tensor& parents) {
  const std::int64_t rows = x.size(0);
  return embedding(Variable(x.reshape({rows, -1})), parents).value().reshape(x.shape());
}

}  // namespace

TransformerDecoder::TransformerDecoder(std::int64_t width, const SequenceToSequenceConfig& config,
                                       const Generator& generator, DType dtype)
    : norm_(width, 1e-5, dtype) {
  for (std::int64_t k = 0; k < config.decoder_layers; ++k) {
    blocks_.emplace_back(width,
                         TransformerBlockOptions{.heads = config.heads,
                                                 .feed_forward = config.feed_forward,
                                                 .dropout = config.dropout,
                                                 .attends_memory = true,
                                                 .dtype = dtype},
                         generator.named(std::to_string(k)));
  }
}

Variable TransformerDecoder::operator()(const Variable& x, const SequenceMemory& memory) {
  Variable states = x;
  for (TransformerBlock& block : blocks_) {
    // Padding follows the tokens that count, so that the causal mask hides it from them.
    states = block(states, {.causal = true}, memory.states, {.key_lengths = memory.lengths});
  }
  return norm_(states);
}

/// Keys and values of the tokens so far, [rows, heads, capacity, width / heads] per block, with
/// capacity doubled when it is full; those of the memory are computed once per sentence.
class TransformerDecoder::CachedSteps : public SequenceDecoder::Steps {
 public:
  CachedSteps(TransformerDecoder& decoder, const SequenceMemory& memory, std::int64_t rows)
      : decoder_(decoder), sentences_(memory.states.size(1)), rows_(rows) {
    lengths_ = memory.lengths;
    for (TransformerBlock& block : decoder.blocks_) {
      MultiheadAttention& cross = *block.cross;
      memory_.push_back({heads_of_memory(cross.key(memory.states), cross.heads),
                         heads_of_memory(cross.value(memory.states), cross.heads)});
    }
    tokens_.resize(memory_.size());
  }

  Variable next(const Variable& input) override {
    const NoGrad no_grad;
    check(input.rank() == 2 && input.size(0) == sentences_ * rows_, "decoder: a step is given ",
          input.shape(), "; expected [", sentences_ * rows_, ", width]");
    Variable x = input;
    for (std::size_t k = 0; k < tokens_.size(); ++k) {
      TransformerBlock& block = decoder_.blocks_[k];
      x = add(x, attend_to_tokens(*block.self, (*block.self_norm)(x), tokens_[k]));
      x = add(x, attend_to_memory(*block.cross, (*block.cross_norm)(x), memory_[k]));
      x = add(x, block.feed_out(block.feed_in(block.feed_norm(x), Activation::gelu)));
    }
    ++steps_;
    return decoder_.norm_(x);
  }

  void choose(const Tensor& parents) override {
    const NoGrad no_grad;
    for (KeysAndValues& tokens : tokens_) {
      if (tokens.keys.defined()) {
        tokens.keys = rows_of(tokens.keys, parents);
        tokens.values = rows_of(tokens.values, parents);
      }
    }
  }

 private:
  struct KeysAndValues {
    Tensor keys;
    Tensor values;
  };

  /// Makes room for one more step.
  void reserve(Tensor& cache, const Tensor& like) const {
    constexpr std::int64_t first_capacity = 16;
    if (cache.defined() && steps_ < cache.size(2)) {
      return;
    }
    const std::int64_t capacity = std::max(first_capacity, 2 * steps_);
    Tensor larger = Tensor::zeros(like.shape().replaced(2, capacity), like.dtype(), like.device());
    if (cache.defined()) {
      larger.slice(2, 0, steps_).copy_(cache);
    }
    cache = larger;
  }

  Variable attend_to_tokens(const MultiheadAttention& self, const Variable& x,
                            KeysAndValues& cache) const {
    const std::int64_t rows = x.size(0);
    const std::int64_t width = x.size(1);
    const Shape split = {rows, self.heads, 1, width / self.heads};
    const Tensor key = self.key(x).value().reshape(split);
    const Tensor value = self.value(x).value().reshape(split);
    reserve(cache.keys, key);
    reserve(cache.values, value);
    cache.keys.slice(2, steps_, steps_ + 1).copy_(key);
    cache.values.slice(2, steps_, steps_ + 1).copy_(value);
    const Variable mixed =
        attention(reshape(self.query(x), split), Variable(cache.keys.slice(2, 0, steps_ + 1)),
                  Variable(cache.values.slice(2, 0, steps_ + 1)));
    return self.out(reshape(mixed, {rows, width}));
  }

  Variable attend_to_memory(const MultiheadAttention& cross, const Variable& x,
                            const KeysAndValues& memory) const {
    const std::int64_t width = x.size(1);
    const Variable queries =
        permute(reshape(cross.query(x), {sentences_, rows_, cross.heads, width / cross.heads}),
                {0, 2, 1, 3});
    const Variable mixed =
        attention(queries, Variable(memory.keys), Variable(memory.values), lengths_);
    return cross.out(reshape(permute(mixed, {0, 2, 1, 3}), {x.size(0), width}));
  }

  TransformerDecoder& decoder_;
  std::int64_t sentences_;
  std::int64_t rows_;
  std::int64_t steps_ = 0;
  Tensor lengths_;
  std::vector<KeysAndValues> memory_;
  std::vector<KeysAndValues> tokens_;
};

std::unique_ptr<SequenceDecoder::Steps> TransformerDecoder::begin(const SequenceMemory& memory,
                                                                  std::int64_t rows) {
  const NoGrad no_grad;
  return std::make_unique<CachedSteps>(*this, memory, rows);
}

void TransformerDecoder::visit(Visitor& visitor) {
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    visitor.layer(std::to_string(k), blocks_[k]);
  }
  visitor.layer("norm", norm_);
}

}  // namespace heddle
