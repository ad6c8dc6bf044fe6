// y = √x,  dx = dy / (2y)   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable sqrt(const Variable& x, Where where) {
  Operation op("sqrt", {x}, where);
  return finish_unary(op, UnaryOp::sqrt, x, UnarySaves::output,
                      [](const Variable& y, const Variable& dy) { return dy / (y * 2.0); });
}

}  // namespace heddle
