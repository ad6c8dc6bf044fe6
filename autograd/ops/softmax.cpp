// y = eˣ / Σ eˣ over the last dimension, x and y [.., cols]; with lengths [..], over the first
// lengths[r] columns of row r, and 0 beyond.
//   dx = y (dy − Σ y dy)

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/softmax_page.h"

namespace heddle {

Variable softmax(const Variable& x, const Tensor& lengths, Where where) {
  Operation op("softmax", {x}, where);
  check(x.rank() >= 1, "softmax: x is a single value; expected [.., cols]");
  check_floating(op.name(), x.value());
  const Tensor limits =
      checked_lengths(op.name(), lengths, x.shape().erased(x.rank() - 1), x.size(-1), x.value());
  const Tensor y = softmax_values(x.value(), limits, false);
  return op.finish(
      y,
      [y = op.save_output(y),
       limits = op.save(optional_variable(limits))](const BackwardCall& call) -> Variables {
        const Variable result = call.get(y);
        const Tensor cols = optional_value(call.get(limits));
        if (call.first_order()) {
          return {Variable(softmax_slope(result.value(), cols, call.dy().value(), false))};
        }
        const Variable dy = visible_part(call.dy(), cols);
        return {result * (dy - sum(result * dy, {-1}, true))};
      });
}

}  // namespace heddle
