// The mean (or weighted mean) over all elements of (x − t)²:
//   dx = dy · 2 (x − t) before the mean.  All of one shape → one value

#include "autograd/ops.h"
#include "autograd/ops/loss_mean.h"

namespace heddle {

Variable mean_squared_error(const Variable& x, const Tensor& targets, const Tensor& weights,
                            Where where) {
  Operation op("mean_squared_error", {x}, where);
  return finish_pair_loss(
      op, PairLoss::squared, x, targets, weights,
      [](const Variable& input, const Variable& aims, const Variable& dy) {
        return dy * (input - aims) * 2.0;
      },
      where);
}

}  // namespace heddle
