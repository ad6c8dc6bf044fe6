// y = x's elements in row-major order in another shape,  dx = dy in x's shape.
// A view where x's strides allow, else a copy.

#include "autograd/ops.h"

namespace heddle {

Variable reshape(const Variable& x, const Shape& shape, Where where) {
  if (x.shape() == shape) {
    return x;
  }
  Operation op("reshape", {x}, where);
  return op.finish(x.value().reshape(shape),
                   [from = x.shape()](const BackwardCall& call) -> Variables {
                     return {reshape(call.dy(), from)};
                   });
}

}  // namespace heddle
