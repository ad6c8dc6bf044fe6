#include "layers/attention_pool.h"

#include "layers/initialise.h"
#include "layers/mixed_precision.h"

namespace heddle {

AttentionPool::AttentionPool(std::int64_t width, const Generator& generator, DType dtype) {
  Generator stream = generator.named("weight");
  weight = Variable(xavier_uniform({width}, width, 1, stream, dtype), true);
}

Pooled AttentionPool::operator()(const Variable& u, const Tensor& lengths) const {
  return attention_pool(u, cast_like(weight, u), lengths);
}

void AttentionPool::visit(Visitor& visitor) { visitor.parameter("weight", weight); }

}  // namespace heddle
