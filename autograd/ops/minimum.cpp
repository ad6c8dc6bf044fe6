// y = the smaller of a and b, broadcast. The gradient goes to a where a ≤ b, else to b, each summed
// over the dimensions it was broadcast in.

#include "autograd/ops.h"
#include "autograd/ops/binary_page.h"
#include "autograd/ops/operands.h"

namespace heddle {

Variable minimum(const Variable& a, const Variable& b, Where where) {
  Operation op("minimum", {a, b}, where);
  return op.finish(
      binary_values(op, BinaryOp::minimum, a.value(), b.value()),
      [a = op.save(a), b = op.save(b)](const BackwardCall& call) -> Variables {
        const Variable left = call.get(a);
        const Variable right = call.get(b);
        const Variable zero = constant(0.0, left);
        const Tensor is_left = compare(CompareOp::less_equal, left.value(), right.value());
        return {call.wanted(0) ? sum_to(heddle::where(is_left, call.dy(), zero), left.shape())
                               : Variable(),
                call.wanted(1) ? sum_to(heddle::where(is_left, zero, call.dy()), right.shape())
                               : Variable()};
      });
}

}  // namespace heddle
