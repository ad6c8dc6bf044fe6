// y = a where condition, else b, broadcast. The gradient goes to whichever was taken; the other
// side gets exactly 0, even where it holds a NaN or an infinity.

#include "autograd/ops.h"
#include "autograd/ops/broadcast.h"
#include "autograd/ops/operands.h"

namespace heddle {

Variable where(const Tensor& condition, const Variable& a, const Variable& b, Where where) {
  Operation op("where", {a, b}, where);
  check_floating(op.name(), a.value());
  check_floating(op.name(), b.value());
  check(condition.defined() && condition.dtype() == DType::boolean, "where: condition is ",
        condition.defined() ? name_of(condition.dtype()) : "not given", "; expected a bool tensor");
  check(condition.device() == a.device(), "where: condition is on ", condition.device(),
        " but a is on ", a.device(), "; move one with to()");
  const Shape sides = broadcast_shapes(a.shape(), b.shape(), "where");
  const Shape shape = broadcast_shapes(condition.shape(), sides, "where");
  Tensor y = Tensor::empty(shape, a.dtype(), a.device());
  kernels_of(y).elementwise.where(stream_of(y), expanded(condition.view(), shape),
                                  expanded(a.value().view(), shape),
                                  expanded(b.value().view(), shape), y.output_view());
  return op.finish(
      y,
      [a_shape = a.shape(), b_shape = b.shape(),
       saved = op.save(Variable(condition))](const BackwardCall& call) -> Variables {
        const Tensor taken = call.value(saved);
        const Variable zero = constant(0.0, call.dy());
        return {
            call.wanted(0) ? sum_to(heddle::where(taken, call.dy(), zero), a_shape) : Variable(),
            call.wanted(1) ? sum_to(heddle::where(taken, zero, call.dy()), b_shape) : Variable()};
      });
}

}  // namespace heddle
