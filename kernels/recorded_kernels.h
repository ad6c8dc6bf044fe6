#pragma once

#include "kernels/kernels.h"

namespace heddle {

/// Replaces kernels of `table` that are not written in CUDA yet by those of the cpu, which, while a
/// graph of backend sim is captured, are noted instead of being called: so that sim has every
/// kernel and every kernel can be captured.
void put_recorded_cpu_kernels(Kernels& table);

}  // namespace heddle
