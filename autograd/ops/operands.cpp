#include "autograd/ops/operands.h"

#include "autograd/ops.h"

namespace heddle {

Variable constant(double value, const Variable& like) {
  return Variable(Tensor::scalar(value, like.dtype(), like.device()));
}

void check_floating(const char* operation, const Tensor& x) {
  check(is_floating(x.dtype()), operation, ": got type ", x.dtype(),
        ", expected f32 or f64 (convert with cast)");
}

void check_operand(const char* operation, const char* what, const Tensor& tensor,
                   const Shape& shape, DType dtype, const Tensor& x) {
  check(tensor.defined(), operation, ": ", what, " is not given; expected ", shape, " ", dtype);
  check(tensor.shape() == shape && tensor.dtype() == dtype, operation, ": ", what, " is ",
        tensor.shape(), " ", tensor.dtype(), "; expected ", shape, " ", dtype);
  check(tensor.device() == x.device(), operation, ": ", what, " is on ", tensor.device(),
        " but x is on ", x.device(), "; move one with to()");
}

Tensor checked_lengths(const char* operation, const Tensor& lengths, const Shape& shape,
                       std::int64_t limit, const Tensor& x) {
  if (!lengths.defined()) {
    return {};
  }
  check_operand(operation, "lengths", lengths, shape, DType::i64, x);
  const Tensor dense = lengths.contiguous();
  if (lengths.device().backend != Backend::cpu) {
    return dense;  // its kernels check: reading here would wait for the device
  }
  const std::int64_t* values = dense.data<std::int64_t>();
  for (std::int64_t i = 0; i < dense.elements(); ++i) {
    check(values[i] >= 0 && values[i] <= limit, operation, ": length ", values[i], " in row ", i,
          "; expected 0 to ", limit);
  }
  return dense;
}

Tensor within_lengths(const Tensor& lengths, std::int64_t cols) {
  return compare(CompareOp::less, positions(cols, lengths.device()),
                 lengths.unsqueeze(lengths.rank()));
}

std::int64_t leading_elements(const Shape& shape) {
  std::int64_t count = 1;
  for (int dim = 0; dim + 1 < shape.rank(); ++dim) {
    count *= shape[dim];
  }
  return count;
}

Tensor as_rows(const Tensor& x) { return x.reshape({leading_elements(x.shape()), x.size(-1)}); }

}  // namespace heddle
