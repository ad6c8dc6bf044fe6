#include "autograd/ops/extreme_page.h"

#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/reduction.h"

namespace heddle {

Extremes extremes_of(const char* operation, ReduceOp max_or_min, const Tensor& x, int dim) {
  check_floating(operation, x);
  check(x.shape()[dim] > 0, operation, ": dimension ", dim, " of shape ", x.shape(),
        " has nothing in it; expected at least one element");
  const Shape kept = x.shape().replaced(dim, 1);
  Extremes found{Tensor::empty(kept, x.dtype(), x.device()),
                 Tensor::empty(kept, DType::i64, x.device())};
  const Tensor rows = around(x, dim, dim + 1);
  const Shape flat = {rows.size(0), rows.size(2)};
  kernels_of(x).reduce.arg_extreme(stream_of(x), max_or_min, rows.view(),
                                   found.values.reshape(flat).output_view(),
                                   found.indices.reshape(flat).output_view());
  return found;
}

Variable finish_extreme(Operation& op, ReduceOp max_or_min, const Variable& x, int dim, bool keep) {
  dim = normalized_dim(dim, x.rank(), op.name());
  const Extremes found = extremes_of(op.name(), max_or_min, x.value(), dim);
  return op.finish(
      keep ? found.values : found.values.squeeze(dim),
      [places = found.indices, dim, size = x.size(dim)](const BackwardCall& call) -> Variables {
        return {scatter_add(reshape(call.dy(), places.shape()), places, dim, size)};
      });
}

}  // namespace heddle
