#include "core/memory.h"

#include <cmath>

#include "core/copy_plan.h"
#include "core/cuda/calls.h"
#include "core/cuda/card.h"
#include "core/cuda/check.h"
#include "core/cuda/staged_copy.h"
#include "core/error.h"
#include "core/recording.h"

namespace heddle {
namespace {

using cuda::calls;
using cuda::check_cuda;

/// Null is for the allocator, which empties its cache and tries again.
void* take(int index, std::size_t bytes) {
  cuda::card(index);
  const cuda::CapturePause pause(index);
  void* block = nullptr;
  const cudaError_t code = calls().cudaMalloc(&block, bytes);
  if (code == cudaErrorMemoryAllocation) {
    calls().cudaGetLastError();  // or the next launch would report it
    return nullptr;
  }
  check_cuda(code, "cudaMalloc", index);
  return block;
}

/// cudaFree waits for the device. What it reports is of earlier work, and comes again.
void give_back(int /*index*/, void* block, std::size_t /*bytes*/) noexcept {
  cuda::ignore_error(calls().cudaFree(block));
}

std::size_t bytes_of(const ConstView& view) {
  return static_cast<std::size_t>(view.elements()) * size_of(view.dtype);
}

void copy(const View& destination, const ConstView& source) {
  if (destination.elements() == 0) {
    return;
  }
  Stream& stream = current_stream(destination.device);
  const CopyPlan plan(destination, source);
  const bool dense = plan.rank == 1 &&
                     (plan.shape[0] == 1 || (plan.to_strides[0] == 1 && plan.from_strides[0] == 1));
  if (destination.dtype == source.dtype && dense) {
    check_cuda(
        calls().cudaMemcpyAsync(const_cast<void*>(destination.data), source.data, bytes_of(source),
                                cudaMemcpyDeviceToDevice, cuda::native(stream)),
        "cudaMemcpyAsync", stream.device.index);
    return;
  }
  calls().strided_copy(stream, destination, source);
}

void fill(const View& destination, double value) {
  if (destination.elements() == 0) {
    return;
  }
  Stream& stream = current_stream(destination.device);
  // Zero is all bits zero in every type; −0.0 is not.
  if (value == 0 && !std::signbit(value) && destination.is_contiguous()) {
    check_cuda(calls().cudaMemsetAsync(const_cast<void*>(destination.data), 0,
                                       bytes_of(destination), cuda::native(stream)),
               "cudaMemsetAsync", stream.device.index);
    return;
  }
  calls().strided_fill(stream, destination, value);
}

void upload(Device device, void* destination, const void* source, std::size_t bytes) {
  if (bytes > 0) {
    check_not_capturing(device, "copy to the device");
    Stream& stream = current_stream(device);
    cuda::card(device.index).staging.upload(stream, destination, source, bytes);
  }
}

void download(Device device, void* destination, const void* source, std::size_t bytes) {
  if (bytes > 0) {
    check_not_capturing(device, "copy from the device");
    Stream& stream = current_stream(device);
    cuda::card(device.index).staging.download(stream, destination, source, bytes);
    cuda::call_after_wait(device.index);
  }
}

/// Waits for the stream that all threads use, rather than for the card: that would break the
/// capture of another thread.
void synchronize(int index) {
  check_not_capturing({Backend::cuda, index}, "synchronize");
  check_cuda(calls().cudaStreamSynchronize(cuda::card(index).stream), "cudaStreamSynchronize",
             index);
  cuda::call_after_wait(index);
}

void* native_stream(int index) {
  const cudaStream_t shared = cuda::card(index).stream;
  const cudaStream_t capturing = cuda::capturing_stream(index);
  return capturing != nullptr ? capturing : shared;
}

bool space(int index, std::int64_t& available, std::int64_t& total) noexcept {
  std::size_t free_bytes = 0;
  std::size_t all_bytes = 0;
  if (calls().cudaSetDevice(index) != cudaSuccess ||
      calls().cudaMemGetInfo(&free_bytes, &all_bytes) != cudaSuccess) {
    calls().cudaGetLastError();
    return false;
  }
  available = static_cast<std::int64_t>(free_bytes);
  total = static_cast<std::int64_t>(all_bytes);
  return true;
}

}  // namespace

const MemoryFunctions& cuda_memory() {
  static constexpr MemoryFunctions functions{.on_host = false,
                                             .take = take,
                                             .give_back = give_back,
                                             .copy = copy,
                                             .fill = fill,
                                             .upload = upload,
                                             .download = download,
                                             .synchronize = synchronize,
                                             .native_stream = native_stream,
                                             .space = space};
  return functions;
}

}  // namespace heddle
