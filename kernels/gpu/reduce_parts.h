#pragma once

#include "kernels/gpu/reduce_loops.h"
#include "kernels/reduce.h"

namespace heddle::kernels::HEDDLE_BACKEND {

// The parts of `reduce` and `arg_extreme`, each in its own file; the caller has checked the views.

// reduce.cu: sum, mean
void reduce_sum(ReduceVersion, Stream&, bool is_mean, const ConstView& x, const View& out);
// reduce_extreme.cu
void reduce_extreme(ReduceVersion, Stream&, bool is_largest, const ConstView& x, const View& out);
// reduce_logsumexp.cu
void reduce_logsumexp(ReduceVersion, Stream&, const ConstView& x, const View& out);
// reduce_arg.cu
void arg_extreme(ReduceVersion, Stream&, ReduceOp max_or_min, const ConstView& x,
                 const View& values, const View& indices);

}  // namespace heddle::kernels::HEDDLE_BACKEND
