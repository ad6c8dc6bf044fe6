#include "bench/peers/cuda/cublaslt_product.h"

#include <cublas_v2.h>

#include <array>
#include <limits>

#include "bench/peers/cuda/event_timer.h"
#include "core/error.h"

namespace heddle::bench {
namespace {

constexpr std::size_t workspace_bytes = std::size_t{32} << 20;
constexpr float one = 1.0f;
constexpr float zero = 0.0f;

cublasLtHandle_t library() {
  // Never destroyed: CUDA may be gone before static variables are.
  static const cublasLtHandle_t handle = [] {
    cublasLtHandle_t made = nullptr;
    check_cublaslt(cublasLtCreate(&made), "cublasLtCreate");
    return made;
  }();
  return handle;
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

std::shared_ptr<cublasLtMatrixLayoutOpaque_t> layout_of(const LtMatrix& matrix, PeerMath math) {
  // Row-major [rows, cols] is column-major [cols, rows].
  cublasLtMatrixLayout_t made = nullptr;
  check_cublaslt(
      cublasLtMatrixLayoutCreate(&made, type_of(math), static_cast<std::uint64_t>(matrix.cols),
                                 static_cast<std::uint64_t>(matrix.rows), matrix.cols),
      "cublasLtMatrixLayoutCreate");
  return {made, [](cublasLtMatrixLayout_t layout) { cublasLtMatrixLayoutDestroy(layout); }};
}

template <typename Value>
void set(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t name, const Value& value) {
  check_cublaslt(cublasLtMatmulDescSetAttribute(product, name, &value, sizeof(value)),
                 "cublasLtMatmulDescSetAttribute");
}

cublasLtEpilogue_t epilogue_of(CublasLtProduct::Extra extra) {
  switch (extra) {
    case CublasLtProduct::Extra::bias:
      return CUBLASLT_EPILOGUE_BIAS;
    case CublasLtProduct::Extra::left_sums:
      return CUBLASLT_EPILOGUE_BGRADB;  // cuBLASLt's second factor is our left one
    case CublasLtProduct::Extra::none:
      break;
  }
  return CUBLASLT_EPILOGUE_DEFAULT;
}

}  // namespace

void check_cublaslt(cublasStatus_t status, const char* call) {
  check<Unavailable>(status == CUBLAS_STATUS_SUCCESS, call, ": ", cublasGetStatusName(status), " (",
                     cublasGetStatusString(status), ")");
}

CublasLtProduct::CublasLtProduct(const LtMatrix& left, const LtMatrix& right, const LtMatrix& out,
                                 PeerMath math, Extra extra, void* extra_data, cudaStream_t stream)
    : first_(right), second_(left), out_(out), stream_(stream), workspace_(workspace_bytes) {
  describe(left, right, math, extra, extra_data);
  choose();
}

void CublasLtProduct::describe(const LtMatrix& left, const LtMatrix& right, PeerMath math,
                               Extra extra, void* extra_data) {
  // cuBLASLt is column-major: outᵀ = rightᵀ · leftᵀ.
  cublasLtMatmulDesc_t made = nullptr;
  check_cublaslt(cublasLtMatmulDescCreate(&made,
                                          math == PeerMath::tf32  ? CUBLAS_COMPUTE_32F_FAST_TF32
                                          : math == PeerMath::f32 ? CUBLAS_COMPUTE_32F_PEDANTIC
                                                                  : CUBLAS_COMPUTE_32F,
                                          CUDA_R_32F),
                 "cublasLtMatmulDescCreate");
  product_.reset(made, [](cublasLtMatmulDesc_t product) { cublasLtMatmulDescDestroy(product); });
  set(made, CUBLASLT_MATMUL_DESC_TRANSA, right.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(made, CUBLASLT_MATMUL_DESC_TRANSB, left.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(made, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(extra));
  if (extra != Extra::none) {
    set(made, CUBLASLT_MATMUL_DESC_BIAS_POINTER, extra_data);
  }
  first_layout_ = layout_of(first_, math);
  second_layout_ = layout_of(second_, math);
  out_layout_ = layout_of(out_, math);
}

void CublasLtProduct::choose() {
  cublasLtMatmulPreference_t made = nullptr;
  check_cublaslt(cublasLtMatmulPreferenceCreate(&made), "cublasLtMatmulPreferenceCreate");
  const std::shared_ptr<cublasLtMatmulPreferenceOpaque_t> preference(
      made, [](cublasLtMatmulPreference_t used) { cublasLtMatmulPreferenceDestroy(used); });
  check_cublaslt(
      cublasLtMatmulPreferenceSetAttribute(made, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                           &workspace_bytes, sizeof(workspace_bytes)),
      "cublasLtMatmulPreferenceSetAttribute");
  std::array<cublasLtMatmulHeuristicResult_t, 16> named{};
  int count = 0;
  check_cublaslt(
      cublasLtMatmulAlgoGetHeuristic(library(), product_.get(), first_layout_.get(),
                                     second_layout_.get(), out_layout_.get(), out_layout_.get(),
                                     made, static_cast<int>(named.size()), named.data(), &count),
      "cublasLtMatmulAlgoGetHeuristic");
  float best = std::numeric_limits<float>::infinity();
  int chosen = -1;
  for (int i = 0; i < count; ++i) {
    const cublasLtMatmulHeuristicResult_t& candidate = named.at(static_cast<std::size_t>(i));
    if (candidate.state != CUBLAS_STATUS_SUCCESS || call(candidate.algo) != CUBLAS_STATUS_SUCCESS) {
      continue;
    }
    const float taken =
        best_milliseconds(stream_, [&] { check_cublaslt(call(candidate.algo), "cublasLtMatmul"); });
    if (taken < best) {
      best = taken;
      chosen = i;
      algorithm_ = candidate.algo;
    }
  }
  check<Unavailable>(chosen >= 0, "cuBLASLt has no algorithm for this product: of ", count,
                     " that its heuristics name, none runs");
  note_ = concat("algorithm ", chosen + 1, " of ", count);
}

cublasStatus_t CublasLtProduct::call(const cublasLtMatmulAlgo_t& algorithm) const {
  return cublasLtMatmul(library(), product_.get(), &one, first_.data, first_layout_.get(),
                        second_.data, second_layout_.get(), &zero, out_.data, out_layout_.get(),
                        out_.data, out_layout_.get(), &algorithm, workspace_.data(),
                        workspace_.bytes(), stream_);
}

void CublasLtProduct::run() const { check_cublaslt(call(algorithm_), "cublasLtMatmul"); }

}  // namespace heddle::bench
