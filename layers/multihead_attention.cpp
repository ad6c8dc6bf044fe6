#include "layers/multihead_attention.h"

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {
namespace {

/// [time, batch, width] → [batch, heads, time, width / heads].
Variable split_heads(const Variable& x, std::int64_t heads) {
  const Shape& shape = x.shape();
  return permute(reshape(x, {shape[0], shape[1], heads, shape[2] / heads}), {1, 2, 0, 3});
}

/// The inverse.
Variable join_heads(const Variable& x) {
  const Shape& shape = x.shape();
  return reshape(permute(x, {2, 0, 1, 3}), {shape[2], shape[0], shape[1] * shape[3]});
}

}  // namespace

MultiheadAttention::MultiheadAttention(std::int64_t width, std::int64_t heads_,
                                       const Generator& generator, DType dtype)
    : heads(heads_),
      query(width, width, generator.named("query"), {.dtype = dtype}),
      key(width, width, generator.named("key"), {.dtype = dtype}),
      value(width, width, generator.named("value"), {.dtype = dtype}),
      out(width, width, generator.named("out"), {.dtype = dtype}) {
  check(heads > 0 && width % heads == 0, "MultiheadAttention: width is ", width, " with ", heads,
        " heads; expected a multiple of the number of heads");
}

Variable MultiheadAttention::operator()(const Variable& queries, const Variable& memory,
                                        const AttentionMask& mask) const {
  check(queries.rank() == 3 && memory.rank() == 3 && queries.size(1) == memory.size(1),
        "MultiheadAttention: queries are ", queries.shape(), " and memory ", memory.shape(),
        "; expected [time, batch, width] with the same batch");
  const Variable mixed =
      attention(split_heads(query(queries), heads), split_heads(key(memory), heads),
                split_heads(value(memory), heads), mask.key_lengths, mask.visible, mask.causal);
  return out(join_heads(mixed));
}

void MultiheadAttention::visit(Visitor& visitor) {
  visitor.layer("query", query);
  visitor.layer("key", key);
  visitor.layer("value", value);
  visitor.layer("out", out);
}

}  // namespace heddle
