// y = one entry of a dimension, which disappears,  dx = dy at that place, else 0. A view.

#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"

namespace heddle {

Variable select(const Variable& x, int dim, std::int64_t index, Where where) {
  Operation op("select", {x}, where);
  dim = normalized_dim(dim, x.rank(), "select");
  return op.finish(x.value().select(dim, index),
                   [shape = x.shape(), dim, place = index < 0 ? index + x.size(dim) : index](
                       const BackwardCall& call) -> Variables {
                     const Variable dy = reshape(call.dy(), shape.replaced(dim, 1));
                     return {place_slice(dy, shape, dim, place, 1)};
                   });
}

}  // namespace heddle
