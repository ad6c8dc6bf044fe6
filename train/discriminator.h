#pragma once

#include <cstdint>

#include "core/random.h"
#include "layers/linear.h"

namespace heddle {

/// Guesses where a vector comes from: logits = W₂ relu(W₁ x + b₁) + b₂.
struct Discriminator {
  Discriminator(std::int64_t width, std::int64_t hidden, std::int64_t classes,
                const Generator& generator, DType dtype);

  /// x [.., width] of any floating type → logits [.., classes] in the type of the weights.
  Variable operator()(const Variable& x) const;
  void visit(Visitor& visitor);

  Linear inner;
  Linear logits;
};

}  // namespace heddle
