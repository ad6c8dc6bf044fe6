#pragma once

#include <cstdint>

#include "layers/linear.h"

namespace heddle {

/// y = tanh(x weightᵀ + bias) in one kernel, x [.., in] → [.., out].
struct LinearTanh {
  /// Weight by Xavier (uniform), bias 0. Errors: in or out below 1.
  LinearTanh(std::int64_t in, std::int64_t out, const Generator& generator,
             LinearOptions options = {});

  Variable operator()(const Variable& x) const;
  /// The first columns of `weight` act on x [time, batch, in₁], the others on `context` [batch, in
  /// − in₁], which is the same at all times and whose product is computed once → [time, batch,
  /// out].
  Variable operator()(const Variable& x, const Variable& context) const;
  void visit(Visitor& visitor);

  Variable weight;  // [out, in]
  Variable bias;    // [out] or undefined
};

}  // namespace heddle
