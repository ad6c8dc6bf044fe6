#include "bench/peers/cuda/device_memory.h"

#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include "core/bf16.h"
#include "core/cuda/check.h"

namespace heddle::bench {
namespace {

using cuda::check_cuda;

std::uint16_t half_bits(float value) { return __half_as_ushort(__float2half_rn(value)); }
float half_value(std::uint16_t bits) { return __half2float(__ushort_as_half(bits)); }

DType dtype_of(Element element) { return element == Element::bf16 ? DType::bf16 : DType::f32; }

}  // namespace

DeviceMemory::DeviceMemory(std::size_t bytes) : bytes_(bytes) {
  if (bytes == 0) {
    return;
  }
  void* data = nullptr;
  check_cuda(cudaMalloc(&data, bytes), "cudaMalloc", 0);
  memory_.reset(data, [](void* pointer) { cuda::ignore_error(cudaFree(pointer)); });
}

DeviceMemory upload_bytes(const void* host, std::size_t bytes) {
  DeviceMemory memory(bytes);
  if (bytes > 0) {
    check_cuda(cudaMemcpy(memory.data(), host, bytes, cudaMemcpyHostToDevice), "cudaMemcpy", 0);
  }
  return memory;
}

DeviceMemory upload(std::span<const float> values, Element element) {
  if (element == Element::f32) {
    return upload_bytes(values.data(), values.size_bytes());
  }
  std::vector<std::uint16_t> bits;
  bits.reserve(values.size());
  for (const float value : values) {
    bits.push_back(element == Element::f16 ? half_bits(value) : bf16(value).bits);
  }
  return upload_bytes(bits.data(), bits.size() * sizeof(std::uint16_t));
}

std::vector<float> download(const void* device, std::int64_t count, Element element) {
  const auto size = static_cast<std::size_t>(count);
  std::vector<float> values(size);
  if (size == 0) {
    return values;
  }
  if (element == Element::f32) {
    check_cuda(cudaMemcpy(values.data(), device, size * sizeof(float), cudaMemcpyDeviceToHost),
               "cudaMemcpy", 0);
    return values;
  }
  std::vector<std::uint16_t> bits(size);
  check_cuda(cudaMemcpy(bits.data(), device, size * sizeof(std::uint16_t), cudaMemcpyDeviceToHost),
             "cudaMemcpy", 0);
  for (std::size_t i = 0; i < size; ++i) {
    values[i] = element == Element::f16 ? half_value(bits[i])
                                        : static_cast<float>(bf16::from_bits(bits[i]));
  }
  return values;
}

Operand::Operand(const Tensor& tensor, Element element) {
  if (!tensor.defined()) {
    return;
  }
  if (tensor.device() == Device{Backend::cuda, 0} && tensor.is_contiguous() &&
      element != Element::f16 && tensor.dtype() == dtype_of(element)) {
    shared_ = tensor;
    data_ = const_cast<void*>(shared_.view().data);
    return;
  }
  copy_ = upload(tensor.to(Device{}).to_vector<float>(), element);
  data_ = copy_.data();
}

}  // namespace heddle::bench
