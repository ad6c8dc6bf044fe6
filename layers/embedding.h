#pragma once

#include <cstdint>

#include "core/dtype.h"
#include "core/random.h"
#include "layers/visit.h"

namespace heddle {

struct EmbeddingOptions {
  double deviation = 1.0;  // of the first values, normal around 0
  DType dtype = DType::f32;
};

/// One vector per number: ids i64 of any shape → ids' shape + [width].
struct Embedding {
  /// Errors: rows or width below 1.
  Embedding(std::int64_t rows, std::int64_t width, const Generator& generator,
            EmbeddingOptions options = {});

  /// Errors: an id outside [0, rows).
  Variable operator()(const Tensor& ids) const;
  void visit(Visitor& visitor);

  Variable weight;  // [rows, width]
};

}  // namespace heddle
