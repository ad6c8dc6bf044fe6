// The mean (or weighted mean) over all elements of |x − t|:
//   dx = dy · sign(x − t), with sign 0 = 0, before the mean.  All of one shape → one value

#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"
#include "autograd/ops/loss_mean.h"

namespace heddle {

Variable mean_absolute_error(const Variable& x, const Tensor& targets, const Tensor& weights,
                             Where where) {
  Operation op("mean_absolute_error", {x}, where);
  return finish_pair_loss(
      op, PairLoss::absolute, x, targets, weights,
      [](const Variable& input, const Variable& aims, const Variable& dy) {
        return times_sign(input - aims, dy);
      },
      where);
}

}  // namespace heddle
