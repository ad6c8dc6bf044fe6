// y = a / b, broadcast,  da = dy / b,  db = −dy · y / b, each summed over the dimensions it was
// broadcast in

#include "autograd/ops.h"
#include "autograd/ops/binary_page.h"

namespace heddle {

Variable divide(const Variable& a, const Variable& b, Where where) {
  Operation op("divide", {a, b}, where);
  const Tensor y = binary_values(op, BinaryOp::divide, a.value(), b.value());
  return op.finish(
      y,
      [a_shape = a.shape(), b = op.save(b),
       y = op.save_output(y)](const BackwardCall& call) -> Variables {
        const Variable divisor = call.get(b);
        const Variable scaled = call.dy() / divisor;
        return {call.wanted(0) ? sum_to(scaled, a_shape) : Variable(),
                call.wanted(1) ? -sum_to(scaled * call.get(y), divisor.shape()) : Variable()};
      });
}

}  // namespace heddle
