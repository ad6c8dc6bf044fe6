// y = whether a ∘ b, broadcast, as bool; ∘ is one of = ≠ < ≤ > ≥. Piecewise constant: no gradient.

#include "autograd/ops.h"
#include "autograd/ops/broadcast.h"
#include "autograd/ops/operands.h"

namespace heddle {

Tensor compare(CompareOp op, const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), "compare: operands of type ", a.dtype(), " and ", b.dtype(),
        "; expected one type");
  check(a.device() == b.device(), "compare: operands on ", a.device(), " and ", b.device(),
        "; expected one device");
  const Shape shape = broadcast_shapes(a.shape(), b.shape(), "compare");
  Tensor y = Tensor::empty(shape, DType::boolean, a.device());
  kernels_of(a).elementwise.compare(stream_of(a), op, expanded(a.view(), shape),
                                    expanded(b.view(), shape), y.output_view());
  return y;
}

}  // namespace heddle
