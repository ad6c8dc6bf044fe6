#pragma once

#include <cuda_runtime_api.h>

#include <utility>

#include "core/stream.h"

namespace heddle::cuda {

/// A mark in the order of a stream's work.
class Event {
 public:
  /// `timed`: for `milliseconds_between`; makes recording a little slower.
  explicit Event(Device device, bool timed = false);
  ~Event();
  Event(Event&& other) noexcept
      : device_(other.device_), event_(std::exchange(other.event_, nullptr)) {}
  Event& operator=(Event&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(event_, other.event_);
    return *this;
  }

  /// Marks the place after all work given to the stream so far.
  void record(const Stream& stream);
  /// The host waits until the device has come to the mark. At once if never recorded.
  void synchronize() const;
  /// Work given to `stream` from now on waits for the mark.
  void hold_back(const Stream& stream) const;

 private:
  friend float milliseconds_between(const Event& first, const Event& last);

  Device device_;
  cudaEvent_t event_ = nullptr;
};

/// Both timed, recorded and passed.
float milliseconds_between(const Event& first, const Event& last);

}  // namespace heddle::cuda
