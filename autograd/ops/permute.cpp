// y = x with dimension order[i] at place i,  dx = dy put back. A view.

#include <utility>

#include "autograd/ops.h"

namespace heddle {

Variable permute(const Variable& x, const Dims& order, Where where) {
  Operation op("permute", {x}, where);
  return op.finish(x.value().permute(order), [order](const BackwardCall& call) -> Variables {
    Dims back = order;
    for (int place = 0; place < order.rank(); ++place) {
      back[normalized_dim(static_cast<int>(order[place]), order.rank(), "permute")] = place;
    }
    return {permute(call.dy(), back)};
  });
}

Variable transpose(const Variable& x, int left, int right, Where where) {
  Dims order;
  for (int dim = 0; dim < x.rank(); ++dim) {
    order.push_back(dim);
  }
  std::swap(order[normalized_dim(left, x.rank(), "transpose")],
            order[normalized_dim(right, x.rank(), "transpose")]);
  return permute(x, order, where);
}

}  // namespace heddle
