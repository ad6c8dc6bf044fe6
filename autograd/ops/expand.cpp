// y = x repeated along dimensions of size 1 and new leading ones,  dx = dy summed over them.
// A view with strides of 0.

#include "autograd/ops.h"

namespace heddle {

Variable expand(const Variable& x, const Shape& shape, Where where) {
  if (x.shape() == shape) {
    return x;
  }
  Operation op("expand", {x}, where);
  return op.finish(x.value().expand(shape),
                   [from = x.shape()](const BackwardCall& call) -> Variables {
                     return {sum_to(call.dy(), from)};
                   });
}

}  // namespace heddle
