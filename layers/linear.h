#pragma once

#include <cstdint>

#include "core/dtype.h"
#include "core/random.h"
#include "layers/visit.h"

namespace heddle {

struct LinearOptions {
  bool bias = true;
  DType dtype = DType::f32;
};

/// y = x weightᵀ + bias, x [.., in] → [.., out].
struct Linear {
  /// Weight by Xavier (uniform), bias 0. Errors: in or out below 1.
  Linear(std::int64_t in, std::int64_t out, const Generator& generator, LinearOptions options = {});

  Variable operator()(const Variable& x) const;
  void visit(Visitor& visitor);

  Variable weight;  // [out, in]
  Variable bias;    // [out] or undefined
};

}  // namespace heddle
