#pragma once

#include <cstdint>

#include "autograd/operation.h"
#include "kernels/kernels.h"

namespace heddle {

// What pages do with operands before they reach a kernel.

inline const Kernels& kernels_of(const Tensor& x) { return kernels_for(x.device()); }
inline Stream& stream_of(const Tensor& x) { return current_stream(x.device()); }

/// The view, or "not given" for an undefined tensor.
inline ConstView optional_view(const Tensor& x) { return x.defined() ? x.view() : ConstView(); }
inline View optional_output(const Tensor& x) { return x.defined() ? x.output_view() : View(); }
inline Tensor optional_value(const Variable& x) { return x.defined() ? x.value() : Tensor(); }
inline Variable optional_variable(const Tensor& x) {
  return x.defined() ? Variable(x) : Variable();
}
inline Tensor optional_contiguous(const Tensor& x) { return x.defined() ? x.contiguous() : x; }
/// A new tensor like `x`, or an undefined one where it is not wanted.
inline Tensor empty_if(bool wanted, const Tensor& x) {
  return wanted ? Tensor::empty_like(x) : Tensor();
}

/// The type of statistics and sums over elements of a type (norms, logsumexp, losses): f32 for
/// bf16, else the same.
inline DType sums_type(DType elements) { return elements == DType::bf16 ? DType::f32 : elements; }

/// A single value, of the type and on the device of `like`; broadcasts against anything.
Variable constant(double value, const Variable& like);

/// Errors: x is not f32 or f64.
void check_floating(const char* operation, const Tensor& x);
/// Errors: `tensor` has not this shape and type, or stands on another device than x.
void check_operand(const char* operation, const char* what, const Tensor& tensor,
                   const Shape& shape, DType dtype, const Tensor& x);
/// Undefined, or i64 of this shape with values from 0 to `limit`, which is returned contiguous. The
/// values are looked at on cpu alone; on other devices it is their kernels that do.
Tensor checked_lengths(const char* operation, const Tensor& lengths, const Shape& shape,
                       std::int64_t limit, const Tensor& x);
/// lengths i64 [..] → bool [.., cols]: whether the column is below the row's length.
Tensor within_lengths(const Tensor& lengths, std::int64_t cols);

/// Product of all sizes but the last.
std::int64_t leading_elements(const Shape& shape);
/// x [.., cols] as [rows, cols]: a view where its strides allow, else a copy.
Tensor as_rows(const Tensor& x);
/// The shape with another last size.
inline Shape with_last(const Shape& shape, std::int64_t size) {
  return shape.replaced(shape.rank() - 1, size);
}

}  // namespace heddle
