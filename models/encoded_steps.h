#pragma once

#include "autograd/variable.h"

namespace heddle {

/// A sequence, or the regions of a picture, after an encoder has read it.
struct EncodedSteps {
  Variable states;  // [T, B, width]
  Tensor lengths;   // i64 [B]; undefined: all T
  /// The encoder's own summary [B, width]: of an LSTM the last state of each direction, side by
  /// side; of a TextCNN the maximum over time; of a Transformer, of a bag of words and of a picture
  /// the mean. Undefined where the encoder has none.
  Variable final;
};

}  // namespace heddle
