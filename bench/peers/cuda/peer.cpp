#include "bench/peers/cuda/peer.h"

#include "core/cuda/card.h"
#include "core/cuda/check.h"
#include "kernels/kernels.h"

namespace heddle::bench {
namespace {

constexpr Device gpu{Backend::cuda, 0};

}  // namespace

std::string_view name_of(PeerMath math) {
  constexpr std::string_view names[] = {"f32", "tf32", "bf16", "f16"};
  return names[static_cast<int>(math)];
}

Element element_of(PeerMath math) {
  switch (math) {
    case PeerMath::bf16:
      return Element::bf16;
    case PeerMath::f16:
      return Element::f16;
    case PeerMath::f32:
    case PeerMath::tf32:
      break;
  }
  return Element::f32;
}

CudaPeer::CudaPeer(cudaStream_t stream) : stream_(stream) {
  kernels_for(gpu);
  cuda::select(gpu.index);
}

void* CudaPeer::output(const std::string& name, const Shape& shape, Element element) {
  const auto bytes = static_cast<std::size_t>(element_count(shape)) * size_of(element);
  Output& added = outputs_[name] = Output{shape, element, DeviceMemory(bytes)};
  return added.memory.data();
}

void CudaPeer::poison() {
  for (const auto& [name, output] : outputs_) {
    // All bits set are a NaN in each of the types.
    cuda::check_cuda(cudaMemsetAsync(output.memory.data(), 0xFF, output.memory.bytes(), stream_),
                     "cudaMemsetAsync", gpu.index);
  }
}

Tensor CudaPeer::value(const std::string& name) const {
  cuda::check_cuda(cudaStreamSynchronize(stream_), "cudaStreamSynchronize", gpu.index);
  const Output& output = outputs_.at(name);
  const std::vector<float> values =
      download(output.memory.data(), element_count(output.shape), output.element);
  return Tensor::from<float>(values, output.shape);
}

std::map<std::string, Tensor> CudaPeer::results() const {
  std::map<std::string, Tensor> all;
  for (const auto& [name, output] : outputs_) {
    all[name] = value(name);
  }
  return all;
}

}  // namespace heddle::bench
