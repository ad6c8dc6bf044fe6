#pragma once

// The one place where plain products may go to a vendor's library instead of our kernels
// (`multiply_default` in matmul.cu asks here first). Under sim, and in a build without cuBLAS,
// there is none.

#include "core/stream.h"
#include "core/view.h"
#include "kernels/gpu/device/backend.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// Computes out = a · b (+ out) as kernels/matmul.h says and returns true, or leaves everything as
/// it is and returns false.
inline bool multiply_with_library(Stream& /*stream*/, const ConstView& /*a*/,
                                  const ConstView& /*b*/, bool /*accumulate*/,
                                  const View& /*out*/) {
  return false;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
