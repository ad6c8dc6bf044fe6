// log Σ exp(x) over the middle dimension, in one reading and without overflow. Versions:
// reduce_loops.h.

#include "kernels/gpu/reduce_parts.h"

namespace heddle::kernels::HEDDLE_BACKEND {

void reduce_logsumexp(ReduceVersion version, Stream& stream, const ConstView& x, const View& out) {
  dispatch_storage(x.dtype, "reduce", [&]<typename T>(TypeTag<T>) {
    run_reduction(version, stream, "reduce.logsumexp", x, LogSumExp<T>{matrix_of<T>(out)});
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
