#include "core/cuda/check.h"

#include "core/build_info.h"
#include "core/cuda/calls.h"
#include "core/device.h"
#include "core/error.h"

namespace heddle::cuda {
namespace {

/// What is wrong after an error of a kernel that ran earlier: CUDA reports it at some later call.
bool is_of_an_earlier_kernel(cudaError_t code) {
  switch (code) {
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorIllegalInstruction:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorAssert:
      return true;
    default:
      return false;
  }
}

bool is_of_a_capture(cudaError_t code) {
  return code >= cudaErrorStreamCaptureUnsupported && code <= cudaErrorCapturedEvent;
}

}  // namespace

void ignore_error(cudaError_t code) noexcept {
  if (code != cudaSuccess) {
    calls().cudaGetLastError();
  }
}

std::string described(cudaError_t code) {
  return concat(calls().cudaGetErrorName(code), " (", calls().cudaGetErrorString(code), ")");
}

std::string build_for(int major, int minor) {
  return concat("build again with\n  cmake -B build -DHEDDLE_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=",
                major, minor, " && cmake --build build");
}

void check_cuda(cudaError_t code, const char* call, int device) {
  if (code == cudaSuccess) [[likely]] {
    return;
  }
  calls().cudaGetLastError();
  const std::string found = concat("device ", Device{Backend::cuda, device}, ": ", call,
                                   " failed with ", described(code), "; ");
  if (code == cudaErrorMemoryAllocation) {
    fail<OutOfMemory>(found,
                      "use a smaller batch or model, or end other programs on the card (nvidia-smi "
                      "lists them)");
  }
  if (code == cudaErrorNoKernelImageForDevice || code == cudaErrorInvalidDeviceFunction) {
    fail<Unavailable>(found, "this build has code for ", build_info().cuda_architectures,
                      " and not for this card (heddle doctor shows what it is)");
  }
  if (code == cudaErrorNoDevice || code == cudaErrorInsufficientDriver ||
      code == cudaErrorDevicesUnavailable) {
    fail<Unavailable>(found, "heddle doctor shows what CUDA finds; device cpu works without a GPU");
  }
  if (is_of_an_earlier_kernel(code)) {
    fail(
        found,
        "a kernel started before this call went wrong, and the device is lost to this process; set "
        "HEDDLE_SYNC=1 to learn which kernel, or run it on device sim, which names the line");
  }
  if (is_of_a_capture(code)) {
    fail(found,
         "the work of a graph may not wait for the device, read from it or use another stream "
         "between begin_capture and end_capture");
  }
  fail(found,
       "set HEDDLE_SYNC=1 to see whether a kernel before it went wrong; if not, please "
       "report this with what heddle doctor prints");
}

}  // namespace heddle::cuda
