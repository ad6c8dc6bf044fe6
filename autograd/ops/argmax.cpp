// y = the index of the first largest x along one dimension. Piecewise constant: no gradient.

#include "autograd/ops.h"
#include "autograd/ops/extreme_page.h"

namespace heddle {

Tensor argmax(const Tensor& x, int dim, bool keep) {
  dim = normalized_dim(dim, x.rank(), "argmax");
  const Tensor places = extremes_of("argmax", ReduceOp::max, x, dim).indices;
  return keep ? places : places.squeeze(dim);
}

}  // namespace heddle
