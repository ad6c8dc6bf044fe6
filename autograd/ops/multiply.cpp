// y = a b, broadcast,  da = dy · b,  db = dy · a, each summed over the dimensions it was broadcast
// in

#include "autograd/ops.h"
#include "autograd/ops/binary_page.h"

namespace heddle {

Variable multiply(const Variable& a, const Variable& b, Where where) {
  Operation op("multiply", {a, b}, where);
  return op.finish(binary_values(op, BinaryOp::multiply, a.value(), b.value()),
                   [a = op.save(a), b = op.save(b)](const BackwardCall& call) -> Variables {
                     const Variable left = call.get(a);
                     const Variable right = call.get(b);
                     return {call.wanted(0) ? sum_to(call.dy() * right, left.shape()) : Variable(),
                             call.wanted(1) ? sum_to(call.dy() * left, right.shape()) : Variable()};
                   });
}

}  // namespace heddle
