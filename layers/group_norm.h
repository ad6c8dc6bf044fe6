#pragma once

#include <cstdint>

#include "core/dtype.h"
#include "kernels/bias_activation.h"
#include "layers/visit.h"

namespace heddle {

/// Each group of neighbouring channels of each sample to mean 0 and deviation 1, over the group's
/// channels and all places, then each channel scaled and shifted: x [B, channels, rows, cols]. Wu &
/// He, arXiv 1803.08494. Samples are not mixed, and training and prediction compute the same.
struct GroupNorm {
  /// Scale 1, shift 0. Errors: a size below 1; channels not a multiple of groups.
  GroupNorm(std::int64_t groups, std::int64_t channels, double epsilon = 1e-5,
            DType dtype = DType::f32);

  Variable operator()(const Variable& x) const;
  /// activation of the same, in the pass that shifts.
  Variable operator()(const Variable& x, Activation activation) const;
  void visit(Visitor& visitor);

  std::int64_t groups;
  double epsilon;
  Variable scale;  // [channels]
  Variable shift;  // [channels]

 private:
  Variable scaled(const Variable& x) const;
};

}  // namespace heddle
