// y = the largest x along one dimension,  dx = dy at the first place that has it, else 0

#include "autograd/ops.h"
#include "autograd/ops/extreme_page.h"

namespace heddle {

Variable max(const Variable& x, int dim, bool keep, Where where) {
  Operation op("max", {x}, where);
  return finish_extreme(op, ReduceOp::max, x, dim, keep);
}

}  // namespace heddle
