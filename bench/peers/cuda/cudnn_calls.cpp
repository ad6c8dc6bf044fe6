#include "bench/peers/cuda/cudnn_calls.h"

#include <vector>

#include "core/error.h"

namespace heddle::bench {

void check_cudnn(cudnnStatus_t status, const char* call) {
  if (status == CUDNN_STATUS_SUCCESS) {
    return;
  }
  char words[512] = "";
  cudnnGetLastErrorString(words, sizeof(words));
  fail<Unavailable>(call, ": ", cudnnGetErrorString(status), *words != '\0' ? ": " : "", words);
}

cudnnHandle_t cudnn_on(cudaStream_t stream) {
  // Never destroyed: CUDA may be gone before static variables are.
  static const cudnnHandle_t handle = [] {
    cudnnHandle_t made = nullptr;
    check_cudnn(cudnnCreate(&made), "cudnnCreate");
    return made;
  }();
  check_cudnn(cudnnSetStream(handle, stream), "cudnnSetStream");
  return handle;
}

std::string cudnn_version() {
  const std::size_t version = cudnnGetVersion();
  return concat(version / 10000, '.', version / 100 % 100, '.', version % 100);
}

cudnnDataType_t cudnn_type(Element element) {
  switch (element) {
    case Element::bf16:
      return CUDNN_DATA_BFLOAT16;
    case Element::f16:
      return CUDNN_DATA_HALF;
    case Element::f32:
      break;
  }
  return CUDNN_DATA_FLOAT;
}

CudnnTensor::CudnnTensor(Element element, std::span<const int> sizes) {
  std::vector<int> strides(sizes.size(), 1);
  for (std::size_t i = sizes.size() - 1; i > 0; --i) {
    strides[i - 1] = strides[i] * sizes[i];
  }
  check_cudnn(cudnnSetTensorNdDescriptor(get(), cudnn_type(element), static_cast<int>(sizes.size()),
                                         sizes.data(), strides.data()),
              "cudnnSetTensorNdDescriptor");
}

}  // namespace heddle::bench
