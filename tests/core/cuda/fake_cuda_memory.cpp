// Cards and memory of the fake CUDA: blocks of the host, filled with rubbish.

#include <cstdlib>
#include <cstring>

#include "core/host_copy.h"
#include "tests/core/cuda/fake_cuda.h"
#include "tests/core/cuda/fake_cuda_state.h"

namespace heddle::fake_cuda {
namespace {

bool inside(const void* address, std::size_t bytes) {
  const auto* const at = static_cast<const std::byte*>(address);
  for (const auto* blocks : {&state->blocks, &state->host_blocks}) {
    for (const auto& [block, size] : *blocks) {
      const auto* const begin = static_cast<const std::byte*>(block);
      if (at >= begin && at + bytes <= begin + size) {
        return true;
      }
    }
  }
  return false;
}

cudaError_t get_device_count(int* count) {
  HEDDLE_ENTER("cudaGetDeviceCount");
  *count = state->cards;
  return state->cards == 0 ? error(cudaErrorNoDevice) : cudaSuccess;
}
cudaError_t get_device_properties(cudaDeviceProp* properties, int) {
  HEDDLE_ENTER("cudaGetDeviceProperties");
  std::strcpy(properties->name, "Fake H100");
  properties->major = state->major;
  properties->minor = state->minor;
  properties->multiProcessorCount = 132;
  properties->sharedMemPerBlockOptin = std::size_t{227} << 10;
  return cudaSuccess;
}
cudaError_t set_device(int device) {
  HEDDLE_ENTER("cudaSetDevice");
  return device < state->cards ? cudaSuccess : error(cudaErrorInvalidDevice);
}
cudaError_t mem_get_info(std::size_t* free_bytes, std::size_t* total) {
  HEDDLE_ENTER("cudaMemGetInfo");
  *total = state->memory;
  *free_bytes = state->memory - state->taken;
  return cudaSuccess;
}

cudaError_t malloc_device(void** block, std::size_t bytes) {
  HEDDLE_ENTER("cudaMalloc");
  if (captured_here != nullptr && capture_mode != cudaStreamCaptureModeRelaxed) {
    return error(cudaErrorStreamCaptureUnsupported);
  }
  if (state->memory > 0 && state->taken + bytes > state->memory) {
    return error(cudaErrorMemoryAllocation);
  }
  *block = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(*block, 0xA5, bytes);
  state->blocks[*block] = bytes;
  state->taken += bytes;
  return cudaSuccess;
}
cudaError_t free_device(void* block) {
  const std::lock_guard lock(state->mutex);
  const cudaError_t told = enter("cudaFree");
  if (state->blocks.count(block) == 0) {
    found("cudaFree of what was not allocated");
    return error(cudaErrorInvalidValue);
  }
  FakeCuda::do_all_work();
  state->taken -= state->blocks[block];
  state->blocks.erase(block);
  std::free(block);
  return told;
}
cudaError_t malloc_host(void** block, std::size_t bytes) {
  HEDDLE_ENTER("cudaMallocHost");
  *block = std::aligned_alloc(256, bytes);
  state->host_blocks[*block] = bytes;
  return cudaSuccess;
}
cudaError_t free_host(void* block) {
  const std::lock_guard lock(state->mutex);
  const cudaError_t told = enter("cudaFreeHost");
  if (state->host_blocks.erase(block) == 0) {
    found("cudaFreeHost of what was not allocated");
    return error(cudaErrorInvalidValue);
  }
  std::free(block);
  return told;
}
cudaError_t memcpy_async(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                         cudaStream_t stream) {
  HEDDLE_ENTER("cudaMemcpyAsync");
  const auto copy = [=] {
    if (!inside(to, bytes) || !inside(from, bytes)) {
      found("cudaMemcpyAsync outside of memory, kind " + std::to_string(kind));
      return;
    }
    std::memcpy(to, from, bytes);
  };
  return give(stream, copy, "cudaMemcpyAsync");
}
cudaError_t memset_async(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  HEDDLE_ENTER("cudaMemsetAsync");
  const auto fill = [=] {
    if (inside(to, bytes)) {
      std::memset(to, value, bytes);
    } else {
      found("cudaMemsetAsync outside of memory");
    }
  };
  return give(stream, fill, "cudaMemsetAsync");
}

void strided_copy(Stream& stream, const View& destination, const ConstView& source) {
  give(
      static_cast<cudaStream_t>(stream.native), [=] { host_copy(destination, source); },
      "strided_copy");
}
void strided_fill(Stream& stream, const View& destination, double value) {
  give(
      static_cast<cudaStream_t>(stream.native), [=] { host_fill(destination, value); },
      "strided_fill");
}

}  // namespace

void use_memory_calls(cuda::CudaCalls& calls) {
  calls.cudaGetDeviceCount = get_device_count;
  calls.cudaGetDeviceProperties = get_device_properties;
  calls.cudaSetDevice = set_device;
  calls.cudaMemGetInfo = mem_get_info;
  calls.cudaMalloc = malloc_device;
  calls.cudaFree = free_device;
  calls.cudaMallocHost = malloc_host;
  calls.cudaFreeHost = free_host;
  calls.cudaMemcpyAsync = memcpy_async;
  calls.cudaMemsetAsync = memset_async;
  calls.strided_copy = strided_copy;
  calls.strided_fill = strided_fill;
}

}  // namespace heddle::fake_cuda
