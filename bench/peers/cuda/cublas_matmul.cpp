#include "bench/peers/cuda/cublas_matmul.h"

#include <cublas_v2.h>

#include "core/error.h"

namespace heddle::bench {
namespace {

constexpr std::size_t workspace_bytes = std::size_t{32} << 20;

cublasHandle_t library() {
  // Never destroyed: CUDA may be gone before static variables are.
  static const cublasHandle_t handle = [] {
    cublasHandle_t made = nullptr;
    check_cublaslt(cublasCreate(&made), "cublasCreate");
    return made;
  }();
  return handle;
}

bool is_transposed(const Tensor& matrix) {
  check(matrix.rank() == 2, "cublas_matmul: got a factor ", matrix.shape(), ", expected a matrix");
  return !matrix.is_contiguous() && matrix.strides()[0] == 1;
}

Operand in_memory_order(const Tensor& matrix, PeerMath math) {
  return {is_transposed(matrix) ? matrix.transpose(0, 1) : matrix, element_of(math)};
}

LtMatrix described(const Tensor& matrix, const Operand& operand) {
  if (is_transposed(matrix)) {
    return {operand.data(), matrix.size(1), matrix.size(0), true};
  }
  return {operand.data(), matrix.size(0), matrix.size(1), false};
}

cudaDataType_t type_of(PeerMath math) {
  switch (math) {
    case PeerMath::bf16:
      return CUDA_R_16BF;
    case PeerMath::f16:
      return CUDA_R_16F;
    case PeerMath::f32:
    case PeerMath::tf32:
      break;
  }
  return CUDA_R_32F;
}

cublasComputeType_t sums_of(PeerMath math) {
  switch (math) {
    case PeerMath::f32:
      return CUBLAS_COMPUTE_32F_PEDANTIC;
    case PeerMath::tf32:
      return CUBLAS_COMPUTE_32F_FAST_TF32;
    case PeerMath::bf16:
    case PeerMath::f16:
      break;
  }
  return CUBLAS_COMPUTE_32F;
}

}  // namespace

CublasMatmul::CublasMatmul(const Tensor& a, const Tensor& b, Way way, PeerMath math,
                           cudaStream_t stream)
    : CudaPeer(stream),
      math_(math),
      a_(in_memory_order(a, math)),
      b_(in_memory_order(b, math)),
      left_(described(a, a_)),
      right_(described(b, b_)) {
  const std::int64_t rows = a.size(0);
  const std::int64_t cols = b.size(1);
  out_ = {output("out", {rows, cols}, element_of(math)), rows, cols, false};
  if (way == Way::best) {
    best_.emplace(left_, right_, out_, math, CublasLtProduct::Extra::none, nullptr, stream);
    set_note(best_->note());
  } else {
    workspace_ = DeviceMemory(workspace_bytes);
    gemm();  // the first call loads what later ones need
  }
}

void CublasMatmul::gemm() const {
  check_cublaslt(cublasSetStream(library(), stream()), "cublasSetStream");
  check_cublaslt(cublasSetWorkspace(library(), workspace_.data(), workspace_.bytes()),
                 "cublasSetWorkspace");
  constexpr float one = 1.0f;
  constexpr float zero = 0.0f;
  const auto size = [](std::int64_t value) { return static_cast<int>(value); };
  const cudaDataType_t type = type_of(math_);
  // cuBLAS is column-major: outᵀ = rightᵀ · leftᵀ.
  check_cublaslt(
      cublasGemmEx(library(), right_.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                   left_.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, size(out_.cols), size(out_.rows),
                   size(left_.transposed ? left_.rows : left_.cols), &one, right_.data, type,
                   size(right_.cols), left_.data, type, size(left_.cols), &zero, out_.data, type,
                   size(out_.cols), sums_of(math_), CUBLAS_GEMM_DEFAULT),
      "cublasGemmEx");
}

void CublasMatmul::forward() {
  if (best_) {
    best_->run();
  } else {
    gemm();
  }
}

void CublasMatmul::backward() { fail("cublas_matmul: products are measured forward alone"); }

}  // namespace heddle::bench
