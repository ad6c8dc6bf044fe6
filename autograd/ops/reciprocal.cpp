// y = 1/x,  dx = −dy · y²   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable reciprocal(const Variable& x, Where where) {
  Operation op("reciprocal", {x}, where);
  return finish_unary(op, UnaryOp::reciprocal, x, UnarySaves::output,
                      [](const Variable& y, const Variable& dy) { return -(dy * square(y)); });
}

}  // namespace heddle
