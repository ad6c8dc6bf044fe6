#pragma once

#include <cublas_v2.h>

namespace heddle::kernels::cuda {

/// Every function of cuBLAS that Heddle calls; as core/cuda/calls.h, for tests.
struct CublasCalls {
  decltype(&::cublasCreate_v2) cublasCreate;
  decltype(&::cublasDestroy_v2) cublasDestroy;
  decltype(&::cublasGetProperty) cublasGetProperty;
  decltype(&::cublasSetStream_v2) cublasSetStream;
  decltype(&::cublasSetWorkspace_v2) cublasSetWorkspace;
  decltype(&::cublasSetMathMode) cublasSetMathMode;
  decltype(&::cublasSetAtomicsMode) cublasSetAtomicsMode;
  decltype(&::cublasGemmStridedBatchedEx_64) cublasGemmStridedBatchedEx;
  decltype(&::cublasGetStatusName) cublasGetStatusName;
  decltype(&::cublasGetStatusString) cublasGetStatusString;
};

CublasCalls& cublas_calls();

/// Throws unless `status` is CUBLAS_STATUS_SUCCESS. Errors: OutOfMemory where cuBLAS could not have
/// memory, Unavailable where it has no kernels for the card, else Error; names call, device,
/// status.
void check_cublas(cublasStatus_t status, const char* call, int device);

}  // namespace heddle::kernels::cuda
