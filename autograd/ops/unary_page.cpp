#include "autograd/ops/unary_page.h"

#include <utility>

#include "autograd/ops/operands.h"

namespace heddle {

Tensor unary_values(UnaryOp kind, const Tensor& x) {
  Tensor y = Tensor::empty_like(x);
  kernels_of(x).elementwise.unary(stream_of(x), kind, x.view(), y.output_view());
  return y;
}

Tensor unary_slope(UnaryOp kind, const Tensor& x, const Tensor& y, const Tensor& dy) {
  Tensor dx = Tensor::empty_like(dy);
  kernels_of(dy).elementwise.unary_backward(stream_of(dy), kind, optional_view(x), optional_view(y),
                                            dy.view(), dx.output_view());
  return dx;
}

Variable finish_unary(Operation& op, UnaryOp kind, const Variable& x, UnarySaves saves,
                      ComposedSlope slope) {
  check_floating(op.name(), x.value());
  Tensor y = unary_values(kind, x.value());
  Saved saved = saves == UnarySaves::input ? op.save(x) : op.save_output(y);
  return op.finish(std::move(y),
                   [kind, saves, slope, saved](const BackwardCall& call) -> Variables {
                     const Variable kept = call.get(saved);
                     if (!call.first_order()) {
                       return {slope(kept, call.dy())};
                     }
                     const Tensor& dy = call.dy().value();
                     return {Variable(saves == UnarySaves::input
                                          ? unary_slope(kind, kept.value(), Tensor(), dy)
                                          : unary_slope(kind, Tensor(), kept.value(), dy))};
                   });
}

}  // namespace heddle
