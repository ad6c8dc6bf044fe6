// y = elements begin, begin + step, … < end of one dimension,  dx = dy at those places, else 0.
// A view.

#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"

namespace heddle {

Variable slice(const Variable& x, int dim, std::int64_t begin, std::int64_t end, std::int64_t step,
               Where where) {
  Operation op("slice", {x}, where);
  dim = normalized_dim(dim, x.rank(), "slice");
  return op.finish(x.value().slice(dim, begin, end, step),
                   [shape = x.shape(), dim, first = begin < 0 ? begin + x.size(dim) : begin,
                    step](const BackwardCall& call) -> Variables {
                     return {place_slice(call.dy(), shape, dim, first, step)};
                   });
}

}  // namespace heddle
