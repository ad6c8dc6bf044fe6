// y = |x|,  dx = dy · sign x, with sign 0 = 0   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable absolute(const Variable& x, Where where) {
  Operation op("absolute", {x}, where);
  return finish_unary(op, UnaryOp::absolute, x, UnarySaves::input, times_sign);
}

Variable times_sign(const Variable& x, const Variable& dy) {
  const Tensor zero = Tensor::scalar(0.0, x.dtype(), x.device());
  const Variable signed_dy = where(compare(CompareOp::greater, x.value(), zero), dy, -dy);
  return where(compare(CompareOp::not_equal, x.value(), zero), signed_dy, Variable(zero));
}

}  // namespace heddle
