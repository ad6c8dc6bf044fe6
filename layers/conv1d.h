#pragma once

#include <cstdint>

#include "core/random.h"
#include "kernels/bias_activation.h"
#include "layers/visit.h"

namespace heddle {

struct Conv1dOptions {
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
  bool bias = true;
  DType dtype = DType::f32;
};

/// One-dimensional convolution, x [batch, channels, length] → [batch, filters, length′].
struct Conv1d {
  /// Weight by He (uniform, for a relu behind it), bias 0. Errors: a size below 1.
  Conv1d(std::int64_t channels, std::int64_t filters, std::int64_t kernel,
         const Generator& generator, Conv1dOptions options = {});

  Variable operator()(const Variable& x) const;
  /// activation(convolution + bias): the sums, then bias and activation in one pass.
  Variable operator()(const Variable& x, Activation activation) const;
  void visit(Visitor& visitor);

  std::int64_t stride;
  std::int64_t padding;
  std::int64_t dilation;
  Variable weight;  // [filters, channels, kernel]
  Variable bias;    // [filters] or undefined
};

}  // namespace heddle
