#pragma once

#include "core/tensor.h"

namespace heddle {

/// x [batch, rows, cols] as the matmul kernel takes it: itself where every matrix is row- or
/// column-major, else a contiguous copy (of one matrix only, where a stride of 0 repeats it).
Tensor matrix_layout(const Tensor& x);

/// out = a b (+ out): a [batch, m, k], b [batch, k, n], out [batch, m, n], any strides but out's,
/// which is contiguous.
void multiply_into(const Tensor& a, const Tensor& b, bool accumulate, const Tensor& out);

/// a [m, k] · b [k, n] → [m, n].
Tensor matrix_product(const Tensor& a, const Tensor& b);
/// x [rows, cols] → [1, cols], a bias's gradient.
Tensor column_sums(const Tensor& x);

}  // namespace heddle
