#pragma once

#include "core/tensor.h"

namespace heddle {

/// The view repeated to `shape`, which it broadcasts to, by strides of 0.
ConstView expanded(const ConstView& view, const Shape& shape);

}  // namespace heddle
