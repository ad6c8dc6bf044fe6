#pragma once

#include "kernels/reduce.h"

namespace heddle::cpu {

void arg_extreme(Stream&, ReduceOp max_or_min, const ConstView& x, const View& values,
                 const View& indices);

}  // namespace heddle::cpu
