#include "kernels/gpu/cublas_calls.h"

#include "core/device.h"
#include "core/error.h"

namespace heddle::kernels::cuda {

CublasCalls& cublas_calls() {
  static CublasCalls table{
      .cublasCreate = &::cublasCreate_v2,
      .cublasDestroy = &::cublasDestroy_v2,
      .cublasGetProperty = &::cublasGetProperty,
      .cublasSetStream = &::cublasSetStream_v2,
      .cublasSetWorkspace = &::cublasSetWorkspace_v2,
      .cublasSetMathMode = &::cublasSetMathMode,
      .cublasSetAtomicsMode = &::cublasSetAtomicsMode,
      .cublasGemmStridedBatchedEx = &::cublasGemmStridedBatchedEx_64,
      .cublasGetStatusName = &::cublasGetStatusName,
      .cublasGetStatusString = &::cublasGetStatusString,
  };
  return table;
}

void check_cublas(cublasStatus_t status, const char* call, int device) {
  if (status == CUBLAS_STATUS_SUCCESS) [[likely]] {
    return;
  }
  const std::string found = concat("device ", Device{Backend::cuda, device}, ": ", call,
                                   " failed with ", cublas_calls().cublasGetStatusName(status),
                                   " (", cublas_calls().cublasGetStatusString(status), "); ");
  switch (status) {
    case CUBLAS_STATUS_ALLOC_FAILED:
      fail<OutOfMemory>(found, "use a smaller batch or model, or end other programs on the card");
    case CUBLAS_STATUS_ARCH_MISMATCH:
      fail<Unavailable>(found, "this cuBLAS has no code for the card; heddle doctor shows both");
    case CUBLAS_STATUS_NOT_INITIALIZED:
      fail<Unavailable>(found,
                        "cuBLAS could not start, mostly for want of memory on the card or a driver "
                        "older than it; heddle doctor shows both");
    default:
      fail(found,
           "set HEDDLE_SYNC=1 to see whether a kernel before it went wrong; if not, please report "
           "this with what heddle doctor prints");
  }
}

}  // namespace heddle::kernels::cuda
