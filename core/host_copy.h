#pragma once

#include "core/view.h"

namespace heddle {

/// `MemoryFunctions::copy` and `fill` for memory on the host.
void host_copy(const View& destination, const ConstView& source);
void host_fill(const View& destination, double value);

}  // namespace heddle
