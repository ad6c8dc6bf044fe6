#include "kernels/view_checks.h"

namespace heddle {

void check_given(const char* kernel, const NamedView& view) {
  check(view.view.given, kernel, ": ", view.name, " is not given, but this call needs it");
}

void check_rank(const char* kernel, const NamedView& view, int rank) {
  check_given(kernel, view);
  check(view.view.rank() == rank, kernel, ": ", view.name, " is ", view.view.shape,
        "; expected rank ", rank);
}

void check_shape(const char* kernel, const NamedView& view, const Shape& expected) {
  check_given(kernel, view);
  check(view.view.shape == expected, kernel, ": ", view.name, " is ", view.view.shape,
        "; expected ", expected);
}

void check_dtype(const char* kernel, const NamedView& view, DType expected) {
  check(view.view.dtype == expected, kernel, ": ", view.name, " is ", view.view.dtype,
        "; expected ", expected);
}

void check_dense(const char* kernel, const NamedView& view, const Shape& shape, DType dtype) {
  check_shape(kernel, view, shape);
  check_dtype(kernel, view, dtype);
  check(view.view.is_contiguous(), kernel, ": ", view.name, " has strides ", view.view.strides,
        "; expected it contiguous");
}

}  // namespace heddle
