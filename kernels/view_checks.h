#pragma once

#include <initializer_list>

#include "core/view.h"

namespace heddle {

/// A view and the name its kernel's contract gives it.
struct NamedView {
  const char* name;
  const ConstView& view;
};

// What kernels ask of their views. Errors name the kernel, the view, what was found and expected.

void check_given(const char* kernel, const NamedView& view);
void check_rank(const char* kernel, const NamedView& view, int rank);
void check_shape(const char* kernel, const NamedView& view, const Shape& expected);
void check_dtype(const char* kernel, const NamedView& view, DType expected);
/// Given, of this shape and type, and contiguous.
void check_dense(const char* kernel, const NamedView& view, const Shape& shape, DType dtype);

}  // namespace heddle
