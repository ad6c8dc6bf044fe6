// y = x summed over the dimensions in which `shape` was broadcast to x's shape,  dx = dy expanded

#include "autograd/ops.h"
#include "autograd/ops/reduction.h"

namespace heddle {

Variable sum_to(const Variable& x, const Shape& shape, Where where) {
  if (x.shape() == shape) {
    return x;
  }
  Operation op("sum_to", {x}, where);
  const int added = x.rank() - shape.rank();
  Dims dims;
  for (int dim = 0; dim < x.rank(); ++dim) {
    const std::int64_t size = dim < added ? 1 : shape[dim - added];
    check(added >= 0 && (size == 1 || size == x.shape()[dim]), "sum_to: ", shape,
          " does not broadcast to x, which is ", x.shape());
    if (dim < added || size != x.shape()[dim]) {
      dims.push_back(dim);
    }
  }
  check(!dims.empty(), "sum_to: ", shape, " does not broadcast to x, which is ", x.shape());
  const Reduction reduction(op.name(), x.shape(), dims, true);
  return op.finish(reduced_values(ReduceOp::sum, x.value(), reduction).reshape(shape),
                   [from = x.shape()](const BackwardCall& call) -> Variables {
                     return {expand(call.dy(), from)};
                   });
}

}  // namespace heddle
