// y = ln(1 + eˣ),  dx = dy · sigmoid(x)   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable softplus(const Variable& x, Where where) {
  Operation op("softplus", {x}, where);
  return finish_unary(
      op, UnaryOp::softplus, x, UnarySaves::input,
      [](const Variable& saved_x, const Variable& dy) { return dy * sigmoid(saved_x); });
}

}  // namespace heddle
