#pragma once

#include "core/device.h"
#include "core/math.h"

namespace heddle {

/// The order in which a device does its work. The host backends finish each kernel before the call
/// returns; a CUDA stream carries its `cudaStream_t` in `native`.
struct Stream {
  Device device;
  void* native = nullptr;
  Math math = Math::f32;  // asked of the kernels that run on it; cpu computes in f32 always
};

/// The stream on which operations of this thread run.
Stream& current_stream(Device device);
/// Waits for all work given to the device.
void synchronize(Device device);

}  // namespace heddle
