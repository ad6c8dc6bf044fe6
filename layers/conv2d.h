#pragma once

#include <cstdint>

#include "core/random.h"
#include "kernels/bias_activation.h"
#include "kernels/conv.h"
#include "layers/visit.h"

namespace heddle {

struct Conv2dOptions {
  ConvOptions window = {};  // stride, padding, dilation
  bool bias = true;
  DType dtype = DType::f32;
};

/// Two-dimensional convolution, x [batch, channels, rows, cols] → [batch, filters, rows′, cols′]
/// (kernels/conv.h).
struct Conv2d {
  /// A square kernel. Weight by He (uniform, for a relu behind it), bias 0. Errors: a size below 1.
  Conv2d(std::int64_t channels, std::int64_t filters, std::int64_t kernel,
         const Generator& generator, Conv2dOptions options = {});

  Variable operator()(const Variable& x) const;
  /// activation(convolution + bias): the sums, then bias and activation in one pass.
  Variable operator()(const Variable& x, Activation activation) const;
  void visit(Visitor& visitor);

  ConvOptions window;
  Variable weight;  // [filters, channels, kernel, kernel]
  Variable bias;    // [filters] or undefined
};

}  // namespace heddle
