#include "layers/transformer_block.h"

#include <cmath>
#include <vector>

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {

TransformerBlock::TransformerBlock(std::int64_t width, const TransformerBlockOptions& options,
                                   const Generator& generator)
    : feed_norm(width, 1e-5, options.dtype),
      feed_in(width, options.feed_forward == 0 ? 4 * width : options.feed_forward,
              generator.named("feed_in"), {.dtype = options.dtype}),
      feed_out(options.feed_forward == 0 ? 4 * width : options.feed_forward, width,
               generator.named("feed_out"), {.dtype = options.dtype}),
      dropout(options.dropout, generator.named("dropout")) {
  check(options.attends_self || options.attends_memory,
        "TransformerBlock: attends neither to itself nor to a memory; expected one of them");
  if (options.attends_self) {
    self_norm.emplace(width, 1e-5, options.dtype);
    self.emplace(width, options.heads, generator.named("self"), options.dtype);
  }
  if (options.attends_memory) {
    cross_norm.emplace(width, 1e-5, options.dtype);
    cross.emplace(width, options.heads, generator.named("cross"), options.dtype);
    if (options.normalises_memory) {
      memory_norm.emplace(width, 1e-5, options.dtype);
    }
  }
}

Variable TransformerBlock::operator()(const Variable& input, const AttentionMask& self_mask,
                                      const Variable& memory, const AttentionMask& memory_mask) {
  check(memory.defined() == cross.has_value(), "TransformerBlock: a memory is ",
        memory.defined() ? "given to a block that attends to none"
                         : "missing; expected [keys, batch, width]");
  Variable x = input;
  if (self.has_value()) {
    x = add(x, dropout((*self)((*self_norm)(x), self_mask)));
  }
  if (cross.has_value()) {
    const Variable keys = memory_norm.has_value() ? (*memory_norm)(memory) : memory;
    x = add(x, dropout((*cross)((*cross_norm)(x), keys, memory_mask)));
  }
  const Variable inside = dropout(feed_in(feed_norm(x), Activation::gelu));
  return add(x, dropout(feed_out(inside)));
}

void TransformerBlock::visit(Visitor& visitor) {
  if (self.has_value()) {
    visitor.layer("self_norm", *self_norm);
    visitor.layer("self", *self);
  }
  if (cross.has_value()) {
    visitor.layer("cross_norm", *cross_norm);
    if (memory_norm.has_value()) {
      visitor.layer("memory_norm", *memory_norm);
    }
    visitor.layer("cross", *cross);
  }
  visitor.layer("feed_norm", feed_norm);
  visitor.layer("feed_in", feed_in);
  visitor.layer("feed_out", feed_out);
  visitor.layer("dropout", dropout);
}

Tensor sinusoidal_positions(std::int64_t steps, std::int64_t width, DType dtype,
                            std::int64_t first) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(steps * width));
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t column = 0; column < width; ++column) {
      const std::int64_t even = column - column % 2;
      const double exponent = static_cast<double>(even) / static_cast<double>(width);
      const double angle = static_cast<double>(first + t) * std::pow(10000.0, -exponent);
      values.push_back(column % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  }
  return Tensor::from(std::span<const double>(values), {steps, width}).to(dtype);
}

}  // namespace heddle
