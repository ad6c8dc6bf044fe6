// y = ln x,  dx = dy / x   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable log(const Variable& x, Where where) {
  Operation op("log", {x}, where);
  return finish_unary(op, UnaryOp::log, x, UnarySaves::input,
                      [](const Variable& saved_x, const Variable& dy) { return dy / saved_x; });
}

}  // namespace heddle
