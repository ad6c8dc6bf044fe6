// y = α x + β,  dx = α dy   (x, y: any shape; α, β numbers)

#include "autograd/ops.h"
#include "autograd/ops/operands.h"

namespace heddle {

Variable affine(const Variable& x, double alpha, double beta, Where where) {
  Operation op("affine", {x}, where);
  check_floating(op.name(), x.value());
  Tensor y = Tensor::empty_like(x.value());
  kernels_of(y).elementwise.affine(stream_of(y), alpha, beta, x.value().view(), y.output_view());
  return op.finish(y, [alpha](const BackwardCall& call) -> Variables {
    return {affine(call.dy(), alpha, 0.0)};
  });
}

}  // namespace heddle
