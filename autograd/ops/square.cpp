// y = x²,  dx = 2x · dy   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable square(const Variable& x, Where where) {
  Operation op("square", {x}, where);
  return finish_unary(
      op, UnaryOp::square, x, UnarySaves::input,
      [](const Variable& saved_x, const Variable& dy) { return dy * saved_x * 2.0; });
}

}  // namespace heddle
