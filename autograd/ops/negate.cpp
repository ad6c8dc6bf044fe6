// y = −x,  dx = −dy   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable negate(const Variable& x, Where where) {
  Operation op("negate", {x}, where);
  check_floating(op.name(), x.value());
  return op.finish(unary_values(UnaryOp::negate, x.value()),
                   [](const BackwardCall& call) -> Variables { return {negate(call.dy())}; });
}

}  // namespace heddle
