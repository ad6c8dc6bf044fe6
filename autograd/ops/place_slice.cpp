// The adjoint of slice: y = zeros of a shape, with x at begin, begin + step, … of one dimension,
// dx = that slice of dy

#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"

namespace heddle {

Variable place_slice(const Variable& x, const Shape& shape, int dim, std::int64_t begin,
                     std::int64_t step, Where where) {
  Operation op("place_slice", {x}, where);
  const std::int64_t end = x.size(dim) == 0 ? begin : begin + (x.size(dim) - 1) * step + 1;
  check(x.rank() == shape.rank() && shape.replaced(dim, x.size(dim)) == x.shape() && begin >= 0 &&
            end <= shape[dim],
        "place_slice: x is ", x.shape(), ", which has no place in ", shape, " from ", begin,
        " on along dimension ", dim);
  Tensor y = Tensor::zeros(shape, x.dtype(), x.device());
  y.slice(dim, begin, end, step).copy_(x.value());
  return op.finish(y, [dim, begin, end, step](const BackwardCall& call) -> Variables {
    return {slice(call.dy(), dim, begin, end, step)};
  });
}

}  // namespace heddle
