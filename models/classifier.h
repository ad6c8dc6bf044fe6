#pragma once

#include <cstdint>
#include <optional>

#include "layers/linear.h"
#include "models/model.h"

namespace heddle {

/// The last layer: logits of classes, one number (a regression), or both.
struct Classifier {
  /// `classes` 0: no logits. Errors: neither classes nor score.
  Classifier(std::int64_t width, std::int64_t classes, bool with_score, const Generator& generator,
             DType dtype);

  /// x [.., width] → logits [.., classes] and score [..], each undefined where there is none;
  /// `fused` is x.
  ModelOutput operator()(const Variable& x) const;
  void visit(Visitor& visitor);
  /// Of what it reads.
  std::int64_t width() const { return (logits ? logits->weight : score->weight).size(1); }

  std::optional<Linear> logits;
  std::optional<Linear> score;
};

}  // namespace heddle
