// y = a − b, broadcast,  da = dy,  db = −dy, each summed over the dimensions it was broadcast in

#include "autograd/ops.h"
#include "autograd/ops/binary_page.h"

namespace heddle {

Variable subtract(const Variable& a, const Variable& b, Where where) {
  Operation op("subtract", {a, b}, where);
  return op.finish(
      binary_values(op, BinaryOp::subtract, a.value(), b.value()),
      [a_shape = a.shape(), b_shape = b.shape()](const BackwardCall& call) -> Variables {
        return {call.wanted(0) ? sum_to(call.dy(), a_shape) : Variable(),
                call.wanted(1) ? -sum_to(call.dy(), b_shape) : Variable()};
      });
}

}  // namespace heddle
