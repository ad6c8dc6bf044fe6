// y = max(x, 0),  dx = dy where x > 0, else 0   (x, y: any shape)

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/unary_page.h"

namespace heddle {
namespace {

Variable where_positive(const Variable& x, const Variable& dy) {
  const Tensor zero = Tensor::scalar(0.0, x.dtype(), x.device());
  return where(compare(CompareOp::greater, x.value(), zero), dy, Variable(zero));
}

}  // namespace

Variable relu(const Variable& x, Where where) {
  Operation op("relu", {x}, where);
  return finish_unary(op, UnaryOp::relu, x, UnarySaves::input, where_positive);
}

}  // namespace heddle
