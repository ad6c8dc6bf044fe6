#pragma once

#include <cstdint>

#include "layers/dropout.h"
#include "layers/linear.h"
#include "models/encoded_steps.h"

namespace heddle {

/// Regions of a picture described by features each (grid features of a network, boxes of a
/// detector), as a set: one linear projection, the same for every region, and no order.
struct RegionEncoder {
  RegionEncoder(std::int64_t features, std::int64_t width, double dropout,
                const Generator& generator, DType dtype);

  /// regions [R, B, features], lengths i64 [B] or undefined → states [R, B, width].
  EncodedSteps operator()(const Tensor& regions, const Tensor& lengths);
  void visit(Visitor& visitor);
  std::int64_t width() const { return linear.weight.size(0); }

  Dropout dropout;
  Linear linear;
};

}  // namespace heddle
