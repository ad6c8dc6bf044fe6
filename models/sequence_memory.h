#pragma once

#include "autograd/variable.h"
#include "core/tensor.h"

namespace heddle {

/// What a decoder attends to: the states of a source sequence, and of whatever else is shown beside
/// it.
struct SequenceMemory {
  Variable states;  // [keys, batch, width], normalised
  Tensor lengths;   // i64 [batch]; undefined: all keys
};

}  // namespace heddle
