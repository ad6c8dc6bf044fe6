#pragma once

#include <cudnn.h>

#include <memory>
#include <span>
#include <type_traits>

#include "bench/peers/cuda/device_memory.h"

namespace heddle::bench {

/// Throws Unavailable unless `status` is CUDNN_STATUS_SUCCESS; the message has the call, cuDNN's
/// name for the status and its own words on what it refused.
void check_cudnn(cudnnStatus_t status, const char* call);

/// cuDNN on GPU 0, working on `stream` from here on. Made at first use, kept.
cudnnHandle_t cudnn_on(cudaStream_t stream);
/// "9.19.0"
std::string cudnn_version();

cudnnDataType_t cudnn_type(Element element);

/// What cuDNN's Create call makes, destroyed with its last owner.
template <auto create, auto destroy, typename Pointer>
class CudnnObject {
 public:
  CudnnObject() {
    Pointer made = nullptr;
    check_cudnn(create(&made), "cudnnCreate…Descriptor");
    object_.reset(made, [](Pointer pointer) { destroy(pointer); });
  }
  Pointer get() const { return object_.get(); }

 private:
  std::shared_ptr<std::remove_pointer_t<Pointer>> object_;
};

/// A row-major tensor's sizes.
class CudnnTensor : public CudnnObject<&cudnnCreateTensorDescriptor, &cudnnDestroyTensorDescriptor,
                                       cudnnTensorDescriptor_t> {
 public:
  /// Not set yet.
  CudnnTensor() = default;
  CudnnTensor(Element element, std::span<const int> sizes);
};

}  // namespace heddle::bench
