// y = x Φ(x),  dx = dy · (Φ(x) + x φ(x))   (x, y: any shape)
// with Φ and φ the distribution function and density of the normal distribution.
// Hendrycks & Gimpel, arXiv 1606.08415.
//
// The slope Φ + xφ is an operation of its own, so that it can be differentiated in turn: its
// derivative is φ(x) (2 − x²), which needs no Φ.

#include <numbers>

#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"
#include "autograd/ops/unary_page.h"

namespace heddle {

Variable gelu(const Variable& x, Where where) {
  Operation op("gelu", {x}, where);
  return finish_unary(
      op, UnaryOp::gelu, x, UnarySaves::input,
      [](const Variable& saved_x, const Variable& dy) { return dy * gelu_slope(saved_x); });
}

Variable gelu_slope(const Variable& x, Where where) {
  Operation op("gelu_slope", {x}, where);
  const Tensor one = Tensor::scalar(1.0, x.dtype(), x.device()).expand(x.shape());
  return op.finish(unary_slope(UnaryOp::gelu, x.value(), Tensor(), one),
                   [x = op.save(x)](const BackwardCall& call) -> Variables {
                     const Variable squared = square(call.get(x));
                     const double scale = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
                     return {call.dy() * exp(squared * -0.5) * (2.0 - squared) * scale};
                   });
}

}  // namespace heddle
