#include "kernels/cpu/row_lengths.h"

#include "kernels/view_checks.h"

namespace heddle::cpu {

RowLengths::RowLengths(const char* kernel, const ConstView& lengths, std::int64_t rows,
                       std::int64_t most)
    : most_(most) {
  if (!lengths.given) {
    return;
  }
  check_shape(kernel, {"lengths", lengths}, {rows});
  check_dtype(kernel, {"lengths", lengths}, DType::i64);
  data_ = lengths.pointer<std::int64_t>();
  stride_ = lengths.stride(0);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t length = data_[row * stride_];
    check(length >= 0 && length <= most, kernel, ": lengths[", row, "] is ", length,
          "; expected 0 … ", most);
  }
}

}  // namespace heddle::cpu
