#pragma once

#include "core/device.h"

namespace heddle {

/// The order in which a device does its work. The host backends finish each kernel before the call
/// returns; a CUDA stream carries its `cudaStream_t` in `native`.
struct Stream {
  Device device;
  void* native = nullptr;
};

/// The stream on which operations of this thread run.
Stream& current_stream(Device device);
/// Waits for all work given to the device.
void synchronize(Device device);

}  // namespace heddle
