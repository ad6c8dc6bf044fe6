// y = 1 / (1 + e⁻ˣ),  dx = dy · y (1 − y)   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable sigmoid(const Variable& x, Where where) {
  Operation op("sigmoid", {x}, where);
  return finish_unary(op, UnaryOp::sigmoid, x, UnarySaves::output,
                      [](const Variable& y, const Variable& dy) { return dy * (y * (1.0 - y)); });
}

}  // namespace heddle
