// y = 1/n Σ x over some dimensions of n elements together,  dx = dy / n, repeated over them.
// The mean of nothing is NaN.

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/reduction.h"

namespace heddle {

Variable mean(const Variable& x, Dims dims, bool keep, Where where) {
  Operation op("mean", {x}, where);
  check_floating(op.name(), x.value());
  const Reduction reduction(op.name(), x.shape(), dims, keep);
  return op.finish(
      reduced_values(ReduceOp::mean, x.value(), reduction),
      [shape = x.shape(), kept = reduction.kept,
       share = 1.0 / static_cast<double>(reduction.count)](const BackwardCall& call) -> Variables {
        return {expand(affine(reshape(call.dy(), kept), share, 0.0), shape)};
      });
}

}  // namespace heddle
