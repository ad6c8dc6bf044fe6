// y = bᵉ, broadcast,  db = dy · e bᵉ⁻¹ (0 where b = e = 0),  de = dy · bᵉ ln b (0 where b = 0),
// each summed over the dimensions it was broadcast in. A negative b has values and slopes for whole
// e only, and NaN for de.

#include "autograd/ops.h"
#include "autograd/ops/binary_page.h"
#include "autograd/ops/operands.h"

namespace heddle {
namespace {

/// x, with 1 where `condition`: what follows then has no infinite slope there.
Variable one_where(const Tensor& condition, const Variable& x) {
  return where(condition, constant(1.0, x), x);
}

}  // namespace

Variable power(const Variable& base, const Variable& exponent, Where where) {
  Operation op("power", {base, exponent}, where);
  return op.finish(
      binary_values(op, BinaryOp::power, base.value(), exponent.value()),
      [base = op.save(base), exponent = op.save(exponent)](const BackwardCall& call) -> Variables {
        const Variable b = call.get(base);
        const Variable e = call.get(exponent);
        const Variable zero = constant(0.0, b);
        Variables gradients(2);
        if (call.wanted(0)) {
          const Variable size = absolute(b.detach()) + absolute(e.detach());
          const Tensor both_zero = compare(CompareOp::equal, size.value(), zero.value());
          const Variable slope = e * power(one_where(both_zero, b), e - 1.0);
          gradients[0] = sum_to(call.dy() * slope, b.shape());
        }
        if (call.wanted(1)) {
          const Tensor base_zero = compare(CompareOp::equal, b.value(), zero.value());
          const Variable safe = one_where(base_zero, b);
          const Variable slope = heddle::where(base_zero, zero, power(safe, e) * log(safe));
          gradients[1] = sum_to(call.dy() * slope, e.shape());
        }
        return gradients;
      });
}

}  // namespace heddle
