#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/device.h"

namespace heddle {

/// One block of memory shared by all tensors that view it. The version counts changes in place, so
/// that a tensor saved for backward can tell that it was changed, and by what.
class Storage {
 public:
  /// Owned memory from the device's allocator, not cleared.
  Storage(Device device, std::size_t bytes);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  Device device() const { return device_; }

  std::int64_t version() const { return version_; }
  /// Name of the operation that changed it last; "" if none did.
  const char* last_change() const { return last_change_; }
  /// `operation` must be a string literal.
  void mark_changed(const char* operation) {
    ++version_;
    last_change_ = operation;
  }

 private:
  void* data_;
  std::size_t bytes_;
  Device device_;
  std::int64_t version_ = 0;
  const char* last_change_ = "";
};

}  // namespace heddle
