// y = tanh x,  dx = dy · (1 − y²)   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable tanh(const Variable& x, Where where) {
  Operation op("tanh", {x}, where);
  return finish_unary(op, UnaryOp::tanh, x, UnarySaves::output,
                      [](const Variable& y, const Variable& dy) { return dy * (1.0 - square(y)); });
}

}  // namespace heddle
