#pragma once

#include <cuda_runtime_api.h>

#include <string>

namespace heddle::cuda {

/// Throws unless `code` is cudaSuccess. `call` is what was called ("cudaMemcpyAsync"), or a
/// kernel's name. The message has the call, the device, CUDA's name and words for the error, and
/// what to do. Errors: OutOfMemory where memory could not be had; Unavailable where the device or
/// code for it is missing; else Error. (Clears the error that CUDA keeps for the next
/// cudaGetLastError.)
void check_cuda(cudaError_t code, const char* call, int device);

/// For calls that give something back, where nothing can be done about an error: it is of earlier
/// work, and a lost device reports it again. Forgotten, so that it is not taken for the next
/// kernel's.
void ignore_error(cudaError_t code) noexcept;

/// "cudaErrorInvalidValue (invalid argument)"
std::string described(cudaError_t code);
/// How to get code for the card: the whole cmake command.
std::string build_for(int major, int minor);

}  // namespace heddle::cuda
