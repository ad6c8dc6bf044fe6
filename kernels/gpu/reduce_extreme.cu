// Largest and smallest over the middle dimension; NaN where any is. Versions: reduce_loops.h.

#include "kernels/gpu/reduce_parts.h"

namespace heddle::kernels::HEDDLE_BACKEND {

void reduce_extreme(ReduceVersion version, Stream& stream, bool is_largest, const ConstView& x,
                    const View& out) {
  dispatch_storage(x.dtype, "reduce", [&]<typename T>(TypeTag<T>) {
    if (is_largest) {
      run_reduction(version, stream, "reduce.max", x, Extreme<T, true>{matrix_of<T>(out)});
    } else {
      run_reduction(version, stream, "reduce.min", x, Extreme<T, false>{matrix_of<T>(out)});
    }
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
