#include "kernels/gpu/cublas.h"

#include <algorithm>
#include <cstdint>

#include "core/error.h"
#include "core/memory.h"
#include "kernels/gpu/cublas_calls.h"
#include "kernels/gpu/cublas_handle.h"

// cuBLAS thinks in column-major matrices. A row-major matrix is the transpose of a column-major one
// in the same memory, so a row-major out = a · b is computed as outᵀ = bᵀ · aᵀ, and a factor that
// is laid out the other way round than `out` is read transposed.

namespace heddle::kernels::cuda {
namespace {

constexpr const char* what = "matmul";

/// One matrix of a batch, as cuBLAS takes it.
struct Layout {
  bool row_major;
  std::int64_t leading;  // distance of neighbouring rows (row-major) or columns, in elements
};

/// The layout of matrices [rows, cols] with these strides; where both fit (a vector, one element),
/// `prefer_rows` decides. The strides of dimensions of size 1 mean nothing.
Layout layout_of(const ConstView& x, bool prefer_rows) {
  const std::int64_t rows = x.size(1);
  const std::int64_t cols = x.size(2);
  const bool fits_rows = (x.stride(2) == 1 || cols <= 1) && (x.stride(1) >= cols || rows <= 1);
  const bool fits_cols = (x.stride(1) == 1 || rows <= 1) && (x.stride(2) >= rows || cols <= 1);
  check(fits_rows || fits_cols, what, ": a matrix of shape ", x.shape, " has strides ", x.strides,
        "; expected rows or columns that are dense");
  const bool row_major = fits_rows && (prefer_rows || !fits_cols);
  const std::int64_t dense = row_major ? cols : rows;
  const std::int64_t count = row_major ? rows : cols;
  const std::int64_t stride = row_major ? x.stride(1) : x.stride(2);
  return {row_major, std::max<std::int64_t>(count > 1 ? stride : dense, 1)};
}

cudaDataType_t type_for_cublas(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return CUDA_R_32F;
    case DType::f64:
      return CUDA_R_64F;
    case DType::bf16:
      return CUDA_R_16BF;
    case DType::i64:
    case DType::boolean:
      break;
  }
  fail(what, ": got ", dtype, ", expected f32, f64 or bf16");
}

/// How products and sums are rounded.
cublasComputeType_t computation(DType dtype, Math math) {
  if (dtype == DType::f64) {
    return CUBLAS_COMPUTE_64F;
  }
  // bf16 factors need no rounding, whatever the math.
  return dtype == DType::f32 && math != Math::f32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                  : CUBLAS_COMPUTE_32F;
}

void check_operands(const ConstView& a, const ConstView& b, const View& out) {
  check(a.rank() == 3 && b.rank() == 3 && out.rank() == 3 && a.size(0) == out.size(0) &&
            b.size(0) == out.size(0) && a.size(1) == out.size(1) && a.size(2) == b.size(1) &&
            b.size(2) == out.size(2),
        what, ": a is ", a.shape, ", b ", b.shape, ", out ", out.shape,
        "; expected [batch, m, k], [batch, k, n], [batch, m, n]");
  const bool widened = a.dtype == DType::bf16 && out.dtype == DType::f32;
  check(a.dtype == b.dtype && (out.dtype == a.dtype || widened), what, ": a is ", a.dtype, ", b ",
        b.dtype, ", out ", out.dtype, "; expected one type, or bf16, bf16 and f32");
}

}  // namespace

void cublas_matmul(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                   const View& out) {
  check_operands(a, b, out);
  if (out.elements() == 0) {
    return;
  }
  if (a.size(2) == 0) {  // a sum of nothing
    if (!accumulate) {
      cuda_memory().fill(out, 0.0);
    }
    return;
  }
  const Layout to = layout_of(out, true);
  const bool swapped = to.row_major;  // outᵀ = bᵀ · aᵀ
  const ConstView& left = swapped ? b : a;
  const ConstView& right = swapped ? a : b;
  const Layout left_layout = layout_of(left, swapped);
  const Layout right_layout = layout_of(right, swapped);
  const auto operation = [&](const Layout& layout) {
    return layout.row_major == to.row_major ? CUBLAS_OP_N : CUBLAS_OP_T;
  };
  const float one = 1;
  const float beta = accumulate ? 1 : 0;
  const double one_f64 = 1;
  const double beta_f64 = accumulate ? 1 : 0;
  const bool is_f64 = a.dtype == DType::f64;
  const cudaDataType_t type = type_for_cublas(a.dtype);

  const CublasHandle::Use handle(cublas_handle(stream.device), stream);
  check_cublas(
      cublas_calls().cublasGemmStridedBatchedEx(
          handle.get(), operation(left_layout), operation(right_layout),
          swapped ? out.size(2) : out.size(1), swapped ? out.size(1) : out.size(2), a.size(2),
          is_f64 ? static_cast<const void*>(&one_f64) : &one, left.data, type, left_layout.leading,
          left.stride(0), right.data, type, right_layout.leading, right.stride(0),
          is_f64 ? static_cast<const void*>(&beta_f64) : &beta, const_cast<void*>(out.data),
          type_for_cublas(out.dtype), to.leading, out.stride(0), out.size(0),
          computation(a.dtype, stream.math), CUBLAS_GEMM_DEFAULT),
      "cublasGemmStridedBatchedEx", stream.device.index);
}

}  // namespace heddle::kernels::cuda
