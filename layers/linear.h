#pragma once

#include <cstdint>

#include "core/dtype.h"
#include "core/random.h"
#include "kernels/bias_activation.h"
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
  /// activation(x weightᵀ + bias): the product, then bias and activation in one pass; tanh in the
  /// product's own kernel (linear_tanh).
  Variable operator()(const Variable& x, Activation activation) const;
  void visit(Visitor& visitor);

  Variable weight;  // [out, in]
  Variable bias;    // [out] or undefined
};

}  // namespace heddle
