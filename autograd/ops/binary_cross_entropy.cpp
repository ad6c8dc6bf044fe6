// The mean (or weighted mean) over all elements of −t ln σ(x) − (1 − t) ln(1 − σ(x)), from the
// logits x:
//   dx = dy · (σ(x) − t) before the mean.  All of one shape → one value

#include "autograd/ops.h"
#include "autograd/ops/loss_mean.h"

namespace heddle {

Variable binary_cross_entropy(const Variable& logits, const Tensor& targets, const Tensor& weights,
                              Where where) {
  Operation op("binary_cross_entropy", {logits}, where);
  return finish_pair_loss(
      op, PairLoss::binary_cross_entropy, logits, targets, weights,
      [](const Variable& input, const Variable& aims, const Variable& dy) {
        return dy * (sigmoid(input) - aims);
      },
      where);
}

}  // namespace heddle
