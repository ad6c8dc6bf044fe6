#include "models/fusion.h"

namespace heddle {

Fusion::Fusion(std::int64_t step_width, std::int64_t context_width, std::int64_t hidden,
               const Generator& generator, DType dtype)
    : linear(step_width + context_width, hidden, generator.named("linear"), {.dtype = dtype}),
      attention(hidden, generator.named("attention"), dtype) {}

Pooled Fusion::operator()(const Variable& steps, const Variable& context,
                          const Tensor& lengths) const {
  return attention(context.defined() ? linear(steps, context) : linear(steps), lengths);
}

void Fusion::visit(Visitor& visitor) {
  visitor.layer("linear", linear);
  visitor.layer("attention", attention);
}

}  // namespace heddle
