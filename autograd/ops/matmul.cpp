// y = a b:  a [.., m, k], b [.., k, n] → y [.., m, n], leading dimensions broadcast
//   da = dy bᵀ,  db = aᵀ dy, each summed over the dimensions it was broadcast in

#include "autograd/ops.h"
#include "autograd/ops/matrix_product.h"
#include "autograd/ops/operands.h"

namespace heddle {
namespace {

Shape leading_shape(const Shape& shape) {
  Shape leading;
  for (int dim = 0; dim + 2 < shape.rank(); ++dim) {
    leading.push_back(shape[dim]);
  }
  return leading;
}

/// x [.., rows, cols], repeated to these leading dimensions, as [batch, rows, cols].
Tensor folded(const Tensor& x, const Shape& leading) {
  Shape shape = leading;
  shape.push_back(x.size(-2));
  shape.push_back(x.size(-1));
  return x.expand(shape).reshape({element_count(leading), x.size(-2), x.size(-1)});
}

}  // namespace

Variable matmul(const Variable& a, const Variable& b, Where where) {
  check(a.rank() >= 2 && b.rank() >= 2, "matmul: got ", a.shape(), " and ", b.shape(),
        "; expected at least two dimensions each (reshape a vector to [1, n] or [n, 1])");
  check(a.size(-1) == b.size(-2), "matmul: a is ", a.shape(), " but b is ", b.shape(),
        "; expected b [.., ", a.size(-1), ", n]");
  check_floating("matmul", a.value());
  check_floating("matmul", b.value());
  if (b.rank() == 2 && a.rank() > 2) {
    // One product with all rows of a: faster, and so is the gradient of b.
    const Shape rows = {leading_elements(a.shape()), a.size(-1)};
    return reshape(matmul(reshape(a, rows, where), b, where), with_last(a.shape(), b.size(-1)),
                   where);
  }
  Operation op("matmul", {a, b}, where);
  const Shape leading =
      broadcast_shapes(leading_shape(a.shape()), leading_shape(b.shape()), "matmul");
  const Tensor y =
      Tensor::empty({element_count(leading), a.size(-2), b.size(-1)}, a.dtype(), a.device());
  multiply_into(folded(a.value(), leading), folded(b.value(), leading), false, y);
  Shape shape = leading;
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  return op.finish(
      y.reshape(shape), [a = op.save(a), b = op.save(b)](const BackwardCall& call) -> Variables {
        const Variable left = call.get(a);
        const Variable right = call.get(b);
        return {call.wanted(0) ? sum_to(matmul(call.dy(), transpose(right, -2, -1)), left.shape())
                               : Variable(),
                call.wanted(1) ? sum_to(matmul(transpose(left, -2, -1), call.dy()), right.shape())
                               : Variable()};
      });
}

}  // namespace heddle
