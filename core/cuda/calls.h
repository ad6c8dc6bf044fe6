#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "core/stream.h"
#include "core/view.h"

namespace heddle::cuda {

/// Every function of CUDA that Heddle calls. Nothing calls CUDA otherwise, so that a test can put
/// functions on host memory in their place, and let any one of them fail.
struct CudaCalls {
  // Cards.
  decltype(&::cudaGetDeviceCount) cudaGetDeviceCount;
  decltype(&::cudaGetDeviceProperties) cudaGetDeviceProperties;
  decltype(&::cudaSetDevice) cudaSetDevice;
  decltype(&::cudaMemGetInfo) cudaMemGetInfo;
  // Memory.
  cudaError_t (*cudaMalloc)(void** block, std::size_t bytes);  // overloaded where nvcc reads this
  decltype(&::cudaFree) cudaFree;
  cudaError_t (*cudaMallocHost)(void** block, std::size_t bytes);
  decltype(&::cudaFreeHost) cudaFreeHost;
  decltype(&::cudaMemcpyAsync) cudaMemcpyAsync;
  decltype(&::cudaMemsetAsync) cudaMemsetAsync;
  // Streams and events.
  decltype(&::cudaStreamCreateWithFlags) cudaStreamCreateWithFlags;
  decltype(&::cudaStreamDestroy) cudaStreamDestroy;
  decltype(&::cudaStreamSynchronize) cudaStreamSynchronize;
  decltype(&::cudaEventCreateWithFlags) cudaEventCreateWithFlags;
  decltype(&::cudaEventDestroy) cudaEventDestroy;
  decltype(&::cudaEventRecord) cudaEventRecord;
  decltype(&::cudaEventSynchronize) cudaEventSynchronize;
  decltype(&::cudaEventElapsedTime) cudaEventElapsedTime;
  decltype(&::cudaStreamWaitEvent) cudaStreamWaitEvent;
  // Graphs.
  decltype(&::cudaStreamBeginCapture) cudaStreamBeginCapture;
  decltype(&::cudaStreamEndCapture) cudaStreamEndCapture;
  decltype(&::cudaThreadExchangeStreamCaptureMode) cudaThreadExchangeStreamCaptureMode;
  decltype(&::cudaGraphInstantiateWithFlags) cudaGraphInstantiateWithFlags;
  decltype(&::cudaGraphLaunch) cudaGraphLaunch;
  decltype(&::cudaGraphDestroy) cudaGraphDestroy;
  decltype(&::cudaGraphExecDestroy) cudaGraphExecDestroy;
  // Kernels.
  decltype(&::cudaLaunchKernelExC) cudaLaunchKernelExC;
  cudaError_t (*cudaFuncSetAttribute)(const void* kernel, cudaFuncAttribute attribute, int value);
  // Functions of the driver by name, as they were in CUDA 12.0, so that nothing links libcuda.
  cudaError_t (*cudaGetDriverEntryPoint)(const char* symbol, void** function,
                                         unsigned long long flags,
                                         cudaDriverEntryPointQueryResult* status);
  // Errors and versions.
  decltype(&::cudaPeekAtLastError) cudaPeekAtLastError;
  decltype(&::cudaGetLastError) cudaGetLastError;
  decltype(&::cudaGetErrorName) cudaGetErrorName;
  decltype(&::cudaGetErrorString) cudaGetErrorString;
  // `MemoryFunctions::copy` and `fill` for what is not plain bytes, in the stream's order: by way
  // of the host (staged_copy.h), until kernels/gpu/cuda_copies.cpp puts kernels here. core knows
  // none.
  void (*strided_copy)(Stream& stream, const View& destination, const ConstView& source);
  void (*strided_fill)(Stream& stream, const View& destination, double value);
};

/// The functions in use: CUDA's, unless a test changed them. Not to be changed while others run.
CudaCalls& calls();

}  // namespace heddle::cuda
