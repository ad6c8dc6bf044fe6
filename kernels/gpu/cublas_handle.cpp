#include "kernels/gpu/cublas_handle.h"

#include <map>

#include "core/cuda/card.h"
#include "core/error.h"
#include "core/memory.h"
#include "core/recording.h"
#include "kernels/gpu/cublas.h"
#include "kernels/gpu/cublas_calls.h"

namespace heddle::kernels::cuda {
namespace {

std::mutex handles_mutex;

std::map<int, std::unique_ptr<CublasHandle>>& handles() {
  // Never destroyed: CUDA may be gone before static variables are.
  static auto& all = *new std::map<int, std::unique_ptr<CublasHandle>>;
  return all;
}

/// What NVIDIA recommends: Hopper's kernels split long sums over more blocks.
std::size_t workspace_bytes(const ::heddle::cuda::Card& card) {
  return std::size_t{card.major >= 9 ? 32u : 4u} << 20;
}

}  // namespace

CublasHandle::CublasHandle(int index) : index_(index) {
  const ::heddle::cuda::Card& card = ::heddle::cuda::card(index);
  const ::heddle::cuda::CapturePause pause(index);
  workspace_bytes_ = workspace_bytes(card);
  workspace_ = cuda_memory().take(index, workspace_bytes_);
  check<OutOfMemory>(workspace_ != nullptr, "out of memory on ", Device{Backend::cuda, index},
                     ": asked for ", workspace_bytes_ >> 20,
                     " MiB, the workspace of cuBLAS; call release_cached_memory, use a smaller "
                     "batch or model, or end other programs on the card (nvidia-smi lists them)");
  try {
    const CublasCalls& call = cublas_calls();
    check_cublas(call.cublasCreate(&handle_), "cublasCreate", index);
    check_cublas(call.cublasSetAtomicsMode(handle_, CUBLAS_ATOMICS_NOT_ALLOWED),
                 "cublasSetAtomicsMode", index);
  } catch (...) {
    if (handle_ != nullptr) {
      cublas_calls().cublasDestroy(handle_);
    }
    cuda_memory().give_back(index, workspace_, workspace_bytes_);
    throw;
  }
}

CublasHandle::~CublasHandle() {
  cublas_calls().cublasDestroy(handle_);
  cuda_memory().give_back(index_, workspace_, workspace_bytes_);
}

CublasHandle::Use::Use(CublasHandle& owner, const Stream& stream)
    : owner_(owner), lock_(owner.mutex_) {
  const CublasCalls& call = cublas_calls();
  if (owner.stream_ != stream.native) {
    owner.stream_ = nullptr;  // until both calls have worked
    check_cublas(call.cublasSetStream(owner.handle_, ::heddle::cuda::native(stream)),
                 "cublasSetStream", owner.index_);
    // cublasSetStream goes back to cuBLAS's own workspace.
    check_cublas(call.cublasSetWorkspace(owner.handle_, owner.workspace_, owner.workspace_bytes_),
                 "cublasSetWorkspace", owner.index_);
    // The stream of a capture ends with it, and another may come to lie at its address.
    owner.stream_ = is_capturing(stream.device) ? nullptr : stream.native;
  }
  const auto mode = stream.math == Math::f32 ? CUBLAS_PEDANTIC_MATH : CUBLAS_DEFAULT_MATH;
  check_cublas(call.cublasSetMathMode(owner.handle_, mode), "cublasSetMathMode", owner.index_);
}

CublasHandle& cublas_handle(Device device) {
  const std::lock_guard lock(handles_mutex);
  auto& handle = handles()[device.index];
  if (handle == nullptr) {
    handle = std::make_unique<CublasHandle>(device.index);
  }
  return *handle;
}

void release_cublas() noexcept {
  const std::lock_guard lock(handles_mutex);
  handles().clear();
}

}  // namespace heddle::kernels::cuda

namespace heddle {

std::string cublas_version() {
  int part[3] = {};
  constexpr libraryPropertyType which[3] = {MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL};
  for (int i = 0; i < 3; ++i) {
    if (kernels::cuda::cublas_calls().cublasGetProperty(which[i], &part[i]) !=
        CUBLAS_STATUS_SUCCESS) {
      return "";
    }
  }
  return concat(part[0], '.', part[1], '.', part[2]);
}

}  // namespace heddle
