#include "autograd/ops/matrix_product.h"

#include "autograd/ops/operands.h"

namespace heddle {

Tensor matrix_layout(const Tensor& x) {
  const std::int64_t rows = x.size(1);
  const std::int64_t cols = x.size(2);
  const std::int64_t row_stride = x.strides()[1];
  const std::int64_t col_stride = x.strides()[2];
  const bool row_major = (col_stride == 1 || cols <= 1) && (row_stride >= cols || rows <= 1);
  const bool col_major = (row_stride == 1 || rows <= 1) && (col_stride >= rows || cols <= 1);
  if (row_major || col_major) {
    return x;
  }
  if (x.strides()[0] == 0 && x.size(0) > 1) {
    return x.slice(0, 0, 1).contiguous().expand(x.shape());
  }
  return x.contiguous();
}

void multiply_into(const Tensor& a, const Tensor& b, bool accumulate, const Tensor& out) {
  const Tensor left = matrix_layout(a);
  const Tensor right = matrix_layout(b);
  kernels_of(a).matmul.multiply(stream_of(a), left.view(), right.view(), accumulate,
                                out.output_view());
}

Tensor matrix_product(const Tensor& a, const Tensor& b) {
  const Tensor out = Tensor::empty({1, a.size(0), b.size(1)}, a.dtype(), a.device());
  multiply_into(a.unsqueeze(0), b.unsqueeze(0), false, out);
  return out.squeeze(0);
}

Tensor column_sums(const Tensor& x) {
  const Tensor out = Tensor::empty({1, x.size(1)}, x.dtype(), x.device());
  kernels_of(x).reduce.reduce(stream_of(x), ReduceOp::sum, x.unsqueeze(0).view(),
                              out.output_view());
  return out;
}

}  // namespace heddle
