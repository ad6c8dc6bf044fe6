// y[o, j, i] = x[o, index[o, j, i], i], with the middle dimension `dim` and the outer and inner
// ones of x around it; index i64 has x's shape but for `dim`, and y has index's
//   dx[o, n, i] = Σ of dy[o, j, i] over j with index[o, j, i] = n

#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/reduction.h"

namespace heddle {
namespace {

Tensor middle(const Tensor& x, int dim) { return around(x, dim, dim + 1); }

}  // namespace

Variable gather(const Variable& x, const Tensor& index, int dim, Where where) {
  Operation op("gather", {x}, where);
  dim = normalized_dim(dim, x.rank(), op.name());
  check_floating(op.name(), x.value());
  check(index.defined() && index.rank() == x.rank(), "gather: x is ", x.shape(), " but index ",
        index.defined() ? "has another rank" : "is not given", "; expected x's shape but for ",
        dim);
  check_operand(op.name(), "index", index, x.shape().replaced(dim, index.size(dim)), DType::i64,
                x.value());
  const Tensor y = Tensor::empty(index.shape(), x.dtype(), x.device());
  kernels_of(y).gather.forward(stream_of(y), middle(x.value(), dim).view(),
                               middle(index, dim).view(), middle(y, dim).output_view());
  return op.finish(y,
                   [dim, size = x.size(dim),
                    index = op.save(Variable(index))](const BackwardCall& call) -> Variables {
                     return {scatter_add(call.dy(), call.value(index), dim, size)};
                   });
}

Variable scatter_add(const Variable& x, const Tensor& index, int dim, std::int64_t size,
                     Where where) {
  Operation op("scatter_add", {x}, where);
  check_operand(op.name(), "index", index, x.shape(), DType::i64, x.value());
  const Tensor y = Tensor::empty(x.shape().replaced(dim, size), x.dtype(), x.device());
  kernels_of(y).gather.backward(stream_of(y), middle(index, dim).view(),
                                middle(x.value(), dim).view(), middle(y, dim).output_view());
  return op.finish(y,
                   [dim, index = op.save(Variable(index))](const BackwardCall& call) -> Variables {
                     return {gather(call.dy(), call.value(index), dim)};
                   });
}

}  // namespace heddle
