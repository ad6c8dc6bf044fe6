#include "train/discriminator.h"

#include "autograd/ops.h"

namespace heddle {

Discriminator::Discriminator(std::int64_t width, std::int64_t hidden, std::int64_t classes,
                             const Generator& generator, DType dtype)
    : inner(width, hidden, generator.named("inner"), {.dtype = dtype}),
      logits(hidden, classes, generator.named("logits"), {.dtype = dtype}) {}

Variable Discriminator::operator()(const Variable& x) const {
  return logits(inner(cast(x, inner.weight.dtype()), Activation::relu));
}

void Discriminator::visit(Visitor& visitor) {
  visitor.layer("inner", inner);
  visitor.layer("logits", logits);
}

}  // namespace heddle
