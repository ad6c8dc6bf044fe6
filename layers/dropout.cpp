#include "layers/dropout.h"

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {

Dropout::Dropout(double p_, const Generator& generator) : p(p_), stream(generator.named("mask")) {
  check(p_ >= 0.0 && p_ < 1.0, "Dropout: the probability is ", p_, "; expected 0 ≤ p < 1");
}

Variable Dropout::operator()(const Variable& x) {
  return training && p > 0.0 ? dropout(x, p, stream) : x;
}

void Dropout::visit(Visitor& visitor) {
  visitor.training(training);
  visitor.generator("mask", stream);
}

}  // namespace heddle
