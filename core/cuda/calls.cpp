#include "core/cuda/calls.h"

#include "core/cuda/staged_copy.h"

namespace heddle::cuda {
namespace {

/// Newer toolkits ask for the version by another name.
cudaError_t driver_entry_point(const char* symbol, void** function, unsigned long long flags,
                               cudaDriverEntryPointQueryResult* status) {
#if CUDART_VERSION >= 12050
  constexpr unsigned version = 12000;
  return ::cudaGetDriverEntryPointByVersion(symbol, function, version, flags, status);
#else
  return ::cudaGetDriverEntryPoint(symbol, function, flags, status);
#endif
}

}  // namespace

CudaCalls& calls() {
  static CudaCalls table{
      .cudaGetDeviceCount = &::cudaGetDeviceCount,
      .cudaGetDeviceProperties = &::cudaGetDeviceProperties,
      .cudaSetDevice = &::cudaSetDevice,
      .cudaMemGetInfo = &::cudaMemGetInfo,
      .cudaMalloc = &::cudaMalloc,
      .cudaFree = &::cudaFree,
      .cudaMallocHost = &::cudaMallocHost,
      .cudaFreeHost = &::cudaFreeHost,
      .cudaMemcpyAsync = &::cudaMemcpyAsync,
      .cudaMemsetAsync = &::cudaMemsetAsync,
      .cudaStreamCreateWithFlags = &::cudaStreamCreateWithFlags,
      .cudaStreamDestroy = &::cudaStreamDestroy,
      .cudaStreamSynchronize = &::cudaStreamSynchronize,
      .cudaEventCreateWithFlags = &::cudaEventCreateWithFlags,
      .cudaEventDestroy = &::cudaEventDestroy,
      .cudaEventRecord = &::cudaEventRecord,
      .cudaEventSynchronize = &::cudaEventSynchronize,
      .cudaEventElapsedTime = &::cudaEventElapsedTime,
      .cudaStreamWaitEvent = &::cudaStreamWaitEvent,
      .cudaStreamBeginCapture = &::cudaStreamBeginCapture,
      .cudaStreamEndCapture = &::cudaStreamEndCapture,
      .cudaThreadExchangeStreamCaptureMode = &::cudaThreadExchangeStreamCaptureMode,
      .cudaGraphInstantiateWithFlags = &::cudaGraphInstantiateWithFlags,
      .cudaGraphLaunch = &::cudaGraphLaunch,
      .cudaGraphDestroy = &::cudaGraphDestroy,
      .cudaGraphExecDestroy = &::cudaGraphExecDestroy,
      .cudaLaunchKernelExC = &::cudaLaunchKernelExC,
      .cudaFuncSetAttribute = &::cudaFuncSetAttribute,
      .cudaGetDriverEntryPoint = &driver_entry_point,
      .cudaPeekAtLastError = &::cudaPeekAtLastError,
      .cudaGetLastError = &::cudaGetLastError,
      .cudaGetErrorName = &::cudaGetErrorName,
      .cudaGetErrorString = &::cudaGetErrorString,
      .strided_copy = &staged_copy,
      .strided_fill = &staged_fill,
  };
  return table;
}

}  // namespace heddle::cuda
