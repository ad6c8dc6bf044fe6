#pragma once

#include <functional>
#include <vector>

#include "core/device.h"

namespace heddle {

/// The steps of a graph that is captured on the host (backend sim), in order.
using Recording = std::vector<std::function<void()>>;

/// Where launches, copies and fills of backend sim on this thread are appended instead of being
/// done; null outside a capture. What a step holds must stay valid for replay: it copies views.
Recording* active_recording();

/// Whether this thread is capturing a graph on the device. Nothing that is asked of the device is
/// done then, so no value may be read from it or sent to it.
bool is_capturing(Device device);
/// Errors: this thread is capturing on the device; names `what` ("download").
void check_not_capturing(Device device, const char* what);

/// Makes this thread capture on a device, for graph.cpp. Errors: it is capturing already.
class CaptureScope {
 public:
  /// `recording` is null where the device itself keeps the steps.
  CaptureScope(Device device, Recording* recording);
  ~CaptureScope();
  CaptureScope(const CaptureScope&) = delete;
  CaptureScope& operator=(const CaptureScope&) = delete;
};

}  // namespace heddle
