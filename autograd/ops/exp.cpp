// y = eˣ,  dx = dy · y   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable exp(const Variable& x, Where where) {
  Operation op("exp", {x}, where);
  return finish_unary(op, UnaryOp::exp, x, UnarySaves::output,
                      [](const Variable& y, const Variable& dy) { return dy * y; });
}

}  // namespace heddle
