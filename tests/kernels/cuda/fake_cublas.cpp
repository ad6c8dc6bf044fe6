#include "tests/kernels/cuda/fake_cublas.h"

#include <cstring>

#include "core/bf16.h"
#include "core/error.h"
#include "kernels/gpu/cublas_calls.h"
#include "tests/core/cuda/fake_cuda.h"

namespace heddle {
namespace {

using kernels::cuda::CublasCalls;

struct Handle {
  cudaStream_t stream = nullptr;
  bool has_workspace = false;
  bool atomics = true;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
};

int handles_alive = 0;
std::string computation;

Handle* of(cublasHandle_t handle) { return reinterpret_cast<Handle*>(handle); }

#define HEDDLE_ENTER(call)               \
  if (FakeCuda::count_call(call)) {      \
    return CUBLAS_STATUS_INTERNAL_ERROR; \
  }

cublasStatus_t create(cublasHandle_t* handle) {
  HEDDLE_ENTER("cublasCreate");
  *handle = reinterpret_cast<cublasHandle_t>(new Handle);
  ++handles_alive;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t destroy(cublasHandle_t handle) {
  FakeCuda::count_call("cublasDestroy");
  delete of(handle);
  --handles_alive;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t set_stream(cublasHandle_t handle, cudaStream_t stream) {
  HEDDLE_ENTER("cublasSetStream");
  of(handle)->stream = stream;
  of(handle)->has_workspace = false;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t set_workspace(cublasHandle_t handle, void* workspace, std::size_t bytes) {
  HEDDLE_ENTER("cublasSetWorkspace");
  of(handle)->has_workspace = workspace != nullptr && bytes > 0;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t set_math(cublasHandle_t handle, cublasMath_t math) {
  HEDDLE_ENTER("cublasSetMathMode");
  of(handle)->math = math;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t set_atomics(cublasHandle_t handle, cublasAtomicsMode_t mode) {
  HEDDLE_ENTER("cublasSetAtomicsMode");
  of(handle)->atomics = mode == CUBLAS_ATOMICS_ALLOWED;
  return CUBLAS_STATUS_SUCCESS;
}

double read(const void* matrix, cudaDataType type, std::int64_t i) {
  switch (type) {
    case CUDA_R_32F:
      return static_cast<const float*>(matrix)[i];
    case CUDA_R_64F:
      return static_cast<const double*>(matrix)[i];
    default:
      return static_cast<float>(static_cast<const bf16*>(matrix)[i]);
  }
}

void write(void* matrix, cudaDataType type, std::int64_t i, double value) {
  switch (type) {
    case CUDA_R_32F:
      static_cast<float*>(matrix)[i] = static_cast<float>(value);
      break;
    case CUDA_R_64F:
      static_cast<double*>(matrix)[i] = value;
      break;
    default:
      static_cast<bf16*>(matrix)[i] = bf16(static_cast<float>(value));
  }
}

cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                    std::int64_t m, std::int64_t n, std::int64_t k, const void* alpha,
                    const void* a, cudaDataType a_type, std::int64_t a_leading, long long a_stride,
                    const void* b, cudaDataType b_type, std::int64_t b_leading, long long b_stride,
                    const void* beta, void* c, cudaDataType c_type, std::int64_t c_leading,
                    long long c_stride, std::int64_t batch, cublasComputeType_t compute,
                    cublasGemmAlgo_t /*algorithm*/) {
  HEDDLE_ENTER("cublasGemmStridedBatchedEx");
  const Handle& with = *of(handle);
  if (!with.has_workspace || with.atomics) {
    FakeCuda::found_misuse("product without a workspace of its own, or with atomic sums");
  }
  if (a_leading < (op_a == CUBLAS_OP_N ? m : k) || b_leading < (op_b == CUBLAS_OP_N ? k : n) ||
      c_leading < m || m < 1 || n < 1 || k < 1) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  computation = compute == CUBLAS_COMPUTE_32F             ? "32F"
                : compute == CUBLAS_COMPUTE_64F           ? "64F"
                : compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? "32F_FAST_TF32"
                                                          : "?";
  computation += with.math == CUBLAS_PEDANTIC_MATH ? " pedantic" : " default";
  const cudaDataType scale = compute == CUBLAS_COMPUTE_64F ? CUDA_R_64F : CUDA_R_32F;
  const double by = read(alpha, scale, 0);
  const double keep = read(beta, scale, 0);
  FakeCuda::give(with.stream, [=] {
    for (std::int64_t z = 0; z < batch; ++z) {
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          double sum = 0;
          for (std::int64_t l = 0; l < k; ++l) {
            const auto at_a = op_a == CUBLAS_OP_N ? i + l * a_leading : l + i * a_leading;
            const auto at_b = op_b == CUBLAS_OP_N ? l + j * b_leading : j + l * b_leading;
            sum += read(a, a_type, z * a_stride + at_a) * read(b, b_type, z * b_stride + at_b);
          }
          const std::int64_t at_c = z * c_stride + i + j * c_leading;
          write(c, c_type, at_c, by * sum + (keep == 0 ? 0 : keep * read(c, c_type, at_c)));
        }
      }
    }
  });
  return CUBLAS_STATUS_SUCCESS;
}

const CublasCalls real_calls = kernels::cuda::cublas_calls();

}  // namespace

FakeCublas::FakeCublas() {
  kernels::cuda::cublas_calls() = {.cublasCreate = create,
                                   .cublasDestroy = destroy,
                                   .cublasGetProperty = real_calls.cublasGetProperty,
                                   .cublasSetStream = set_stream,
                                   .cublasSetWorkspace = set_workspace,
                                   .cublasSetMathMode = set_math,
                                   .cublasSetAtomicsMode = set_atomics,
                                   .cublasGemmStridedBatchedEx = gemm,
                                   .cublasGetStatusName = real_calls.cublasGetStatusName,
                                   .cublasGetStatusString = real_calls.cublasGetStatusString};
}

FakeCublas::~FakeCublas() { kernels::cuda::cublas_calls() = real_calls; }

int FakeCublas::handles() const { return handles_alive; }
std::string FakeCublas::last_computation() const { return computation; }

}  // namespace heddle
