// y = Σ x over some dimensions,  dx = dy, repeated over them

#include "autograd/ops.h"
#include "autograd/ops/reduction.h"

namespace heddle {

Variable sum(const Variable& x, Dims dims, bool keep, Where where) {
  Operation op("sum", {x}, where);
  check(x.dtype() != DType::boolean, "sum: got type bool, expected f32, f64 or i64");
  const Reduction reduction(op.name(), x.shape(), dims, keep);
  return op.finish(
      reduced_values(ReduceOp::sum, x.value(), reduction),
      [shape = x.shape(), kept = reduction.kept](const BackwardCall& call) -> Variables {
        return {expand(reshape(call.dy(), kept), shape)};
      });
}

}  // namespace heddle
