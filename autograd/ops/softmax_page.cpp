#include "autograd/ops/softmax_page.h"

#include "autograd/ops.h"
#include "autograd/ops/operands.h"

namespace heddle {
namespace {

/// [rows, cols] with contiguous columns.
Tensor row_layout(const Tensor& x) {
  const Tensor rows = as_rows(x);
  return rows.strides()[1] == 1 || rows.size(1) <= 1 ? rows : rows.contiguous();
}

Tensor flat(const Tensor& lengths) { return lengths.defined() ? lengths.flatten() : lengths; }

}  // namespace

Tensor softmax_values(const Tensor& x, const Tensor& lengths, bool logarithmic) {
  Tensor y = Tensor::empty_like(x);
  kernels_of(x).softmax.forward(stream_of(x), row_layout(x).view(), optional_view(flat(lengths)),
                                logarithmic, as_rows(y).output_view());
  return y;
}

Tensor softmax_slope(const Tensor& y, const Tensor& lengths, const Tensor& dy, bool logarithmic) {
  Tensor dx = Tensor::empty_like(y);
  kernels_of(y).softmax.backward(stream_of(y), row_layout(y).view(), optional_view(flat(lengths)),
                                 row_layout(dy).view(), logarithmic, as_rows(dx).output_view());
  return dx;
}

Variable visible_part(const Variable& dy, const Tensor& lengths) {
  return lengths.defined() ? where(within_lengths(lengths, dy.size(-1)), dy, constant(0.0, dy))
                           : dy;
}

}  // namespace heddle
