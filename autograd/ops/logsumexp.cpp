// y = ln Σ eˣ over some dimensions,  dx = dy · eˣ⁻ʸ, repeated over them.
// Where all x are −∞ (or there are none), y is −∞ and dx 0.

#include <limits>

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/reduction.h"

namespace heddle {

Variable logsumexp(const Variable& x, Dims dims, bool keep, Where where) {
  Operation op("logsumexp", {x}, where);
  check_floating(op.name(), x.value());
  const Reduction reduction(op.name(), x.shape(), dims, keep);
  const Tensor y = reduced_values(ReduceOp::logsumexp, x.value(), reduction);
  return op.finish(y,
                   [x = op.save(x), y = op.save_output(y),
                    kept = reduction.kept](const BackwardCall& call) -> Variables {
                     const Variable total = call.get(y);
                     const Variable nothing =
                         constant(-std::numeric_limits<double>::infinity(), total);
                     const Tensor empty = compare(CompareOp::equal, total.value(), nothing.value());
                     const Variable finite = heddle::where(empty, constant(0.0, total), total);
                     return {reshape(call.dy(), kept) * exp(call.get(x) - reshape(finite, kept))};
                   });
}

}  // namespace heddle
