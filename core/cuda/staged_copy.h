#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle::cuda {

/// Strided and converting copies by way of the host: for programs that use tensors and no kernels,
/// and for tests. Slow, and not to be captured.
void staged_copy(Stream& stream, const View& destination, const ConstView& source);
void staged_fill(Stream& stream, const View& destination, double value);

}  // namespace heddle::cuda
