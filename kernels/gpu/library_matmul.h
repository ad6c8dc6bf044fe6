#pragma once

// The one place where plain products may go to a vendor's library instead of our kernels
// (`multiply_default` in matmul.cu asks here first): cuBLAS under cuda. Under sim there is none.

#include "core/stream.h"
#include "core/view.h"
#include "kernels/gpu/cublas.h"
#include "kernels/gpu/device/backend.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// Computes out = a · b (+ out) as kernels/matmul.h says and returns true, or leaves everything as
/// it is and returns false.
#if defined(__CUDACC__)
inline bool multiply_with_library(Stream& stream, const ConstView& a, const ConstView& b,
                                  bool accumulate, const View& out) {
  cublas_matmul(stream, a, b, accumulate, out);
  return true;
}
#else
inline bool multiply_with_library(Stream& /*stream*/, const ConstView& /*a*/,
                                  const ConstView& /*b*/, bool /*accumulate*/,
                                  const View& /*out*/) {
  return false;
}
#endif

}  // namespace heddle::kernels::HEDDLE_BACKEND
