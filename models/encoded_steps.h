#pragma once

#include "autograd/variable.h"

namespace heddle {

/// A sequence after an encoder has read it.
struct EncodedSteps {
  Variable states;  // [T, B, width]
  Tensor lengths;   // i64 [B]; undefined: all T
  /// The last state of each direction, side by side: [B, width]. Undefined where the encoder has
  /// none.
  Variable final;
};

}  // namespace heddle
