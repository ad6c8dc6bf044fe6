#pragma once

#include <cublas_v2.h>

#include <memory>
#include <mutex>

#include "core/stream.h"

namespace heddle::kernels::cuda {

/// cuBLAS on one GPU, with a workspace of its own: cuBLAS promises the same bits on every call only
/// while it need not choose among workspaces by what else is running.
class CublasHandle {
 public:
  explicit CublasHandle(int index);
  ~CublasHandle();
  CublasHandle(const CublasHandle&) = delete;
  CublasHandle& operator=(const CublasHandle&) = delete;

  /// Ready for work on `stream`. While the result lives no other thread can use the handle.
  class Use {
   public:
    Use(CublasHandle& owner, const Stream& stream);
    cublasHandle_t get() const { return owner_.handle_; }

   private:
    CublasHandle& owner_;
    std::lock_guard<std::mutex> lock_;
  };

 private:
  int index_;
  std::mutex mutex_;
  cublasHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  std::size_t workspace_bytes_ = 0;
  const void* stream_ = nullptr;  // the one it was last used on
};

/// The device's handle, made at first use (also within a capture).
CublasHandle& cublas_handle(Device device);

}  // namespace heddle::kernels::cuda
