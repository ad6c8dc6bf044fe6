#pragma once

#include "core/device.h"
#include "core/math.h"

namespace heddle {

/// The order in which a device does its work. The host backends finish each kernel before the call
/// returns; a CUDA stream carries its `cudaStream_t` in `native`. Each CUDA device has one, shared
/// by all threads: memory that one thread lets go may then be used by another at once, and what one
/// thread computes the next one finds. While a thread captures a graph it has one of its own, on
/// which nothing is done.
struct Stream {
  Device device;
  void* native = nullptr;
  Math math = Math::f32;  // asked of the kernels that run on it; cpu computes in f32 always
};

/// The stream on which operations of this thread run. For CUDA, also makes the device the thread's
/// current one. The reference stays good for the thread's life. Errors: as `memory_of`.
Stream& current_stream(Device device);
/// While it lives, this thread's work on the device is computed so.
class MathScope {
 public:
  MathScope(Device device, Math math);
  ~MathScope();
  MathScope(const MathScope&) = delete;
  MathScope& operator=(const MathScope&) = delete;

 private:
  Stream& stream_;
  Math before_;
};

/// Waits for all work given to the device.
void synchronize(Device device);

}  // namespace heddle
