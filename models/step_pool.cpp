#include "models/step_pool.h"

#include "core/error.h"

namespace heddle {

StepPool::StepPool(SequencePool kind, std::int64_t step_width, std::int64_t hidden,
                   const Generator& generator, DType dtype)
    : out_width(kind == SequencePool::attention ? hidden : step_width) {
  if (kind == SequencePool::attention) {
    linear.emplace(step_width, hidden, generator.named("linear"), LinearOptions{.dtype = dtype});
    attention.emplace(hidden, generator.named("attention"), dtype);
  }
}

Variable StepPool::operator()(const EncodedSteps& steps) const {
  if (linear.has_value() && attention.has_value()) {
    return (*attention)((*linear)(steps.states), steps.lengths).values;
  }
  check(steps.final.defined(),
        "StepPool: the encoder has no final states; expected pool = \"attention\"");
  return steps.final;
}

void StepPool::visit(Visitor& visitor) {
  if (linear.has_value() && attention.has_value()) {
    visitor.layer("linear", *linear);
    visitor.layer("attention", *attention);
  }
}

}  // namespace heddle
