// y = the smallest x along one dimension,  dx = dy at the first place that has it, else 0

#include "autograd/ops.h"
#include "autograd/ops/extreme_page.h"

namespace heddle {

Variable min(const Variable& x, int dim, bool keep, Where where) {
  Operation op("min", {x}, where);
  return finish_extreme(op, ReduceOp::min, x, dim, keep);
}

}  // namespace heddle
