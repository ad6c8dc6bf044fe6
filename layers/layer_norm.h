#pragma once

#include <cstdint>

#include "core/dtype.h"
#include "layers/visit.h"

namespace heddle {

/// Each vector of the last dimension to mean 0 and deviation 1, then scaled and shifted: x [..,
/// width]. Ba et al., arXiv 1607.06450.
struct LayerNorm {
  /// Scale 1, shift 0. Errors: width below 1.
  explicit LayerNorm(std::int64_t width, double epsilon = 1e-5, DType dtype = DType::f32);

  Variable operator()(const Variable& x) const;
  void visit(Visitor& visitor);

  double epsilon;
  Variable scale;  // [width]
  Variable shift;  // [width]
};

}  // namespace heddle
