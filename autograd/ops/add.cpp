// y = a + b, broadcast,  da = dy,  db = dy, each summed over the dimensions it was broadcast in

#include <utility>

#include "autograd/ops.h"
#include "autograd/ops/binary_page.h"

namespace heddle {

Variable add(const Variable& a, const Variable& b, Where where) {
  Operation op("add", {a, b}, where);
  Tensor y = binary_values(op, BinaryOp::add, a.value(), b.value());
  if (!op.recorded()) {
    return op.finish(std::move(y), Backward());  // what nobody will call is not allocated
  }
  return op.finish(
      std::move(y),
      [a_shape = a.shape(), b_shape = b.shape()](const BackwardCall& call) -> Variables {
        return {call.wanted(0) ? sum_to(call.dy(), a_shape) : Variable(),
                call.wanted(1) ? sum_to(call.dy(), b_shape) : Variable()};
      });
}

}  // namespace heddle
