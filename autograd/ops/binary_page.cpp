#include "autograd/ops/binary_page.h"

#include "autograd/ops/broadcast.h"
#include "autograd/ops/operands.h"

namespace heddle {

Tensor binary_values(const Operation& op, BinaryOp kind, const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), op.name(), ": operands of type ", a.dtype(), " and ", b.dtype(),
        "; expected one type (convert one with cast)");
  check(a.device() == b.device(), op.name(), ": operands on ", a.device(), " and ", b.device(),
        "; expected one device");
  const bool takes_integers = kind != BinaryOp::divide && kind != BinaryOp::power;
  check(is_floating(a.dtype()) || (takes_integers && a.dtype() == DType::i64), op.name(),
        ": got type ", a.dtype(), ", expected f32", takes_integers ? ", f64 or i64" : " or f64");
  const ElementwiseKernels& kernels = kernels_of(a).elementwise;
  if (a.shape() == b.shape()) {
    Tensor out = Tensor::empty_like(a);
    kernels.binary(stream_of(a), kind, a.view(), b.view(), out.output_view());
    return out;
  }
  const Shape shape = broadcast_shapes(a.shape(), b.shape(), op.name());
  Tensor out = Tensor::empty(shape, a.dtype(), a.device());
  kernels.binary(stream_of(a), kind, expanded(a.view(), shape), expanded(b.view(), shape),
                 out.output_view());
  return out;
}

}  // namespace heddle
