#pragma once

#include "core/tensor.h"

namespace heddle {

/// Where the vectors of a batch come from, on the device of the model; each undefined where nobody
/// is to guess it.
struct AdversaryTargets {
  Tensor domains;     // i64 [B]; groups: [U, B]; −1: none
  Tensor modalities;  // i64 [M · B], modality after modality; −1: absent
};

}  // namespace heddle
