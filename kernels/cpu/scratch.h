#pragma once

#include <cstddef>
#include <cstdint>

#include "core/allocator.h"
#include "core/shape.h"

namespace heddle::cpu {

/// Memory of one kernel call, not cleared, given back at the end of the scope.
template <typename T>
class Scratch {
 public:
  explicit Scratch(std::int64_t elements)
      : bytes_(static_cast<std::size_t>(
            checked_multiply(elements, static_cast<std::int64_t>(sizeof(T)), "scratch"))),
        data_(elements > 0 ? static_cast<T*>(allocate(Device{}, bytes_)) : nullptr) {}
  ~Scratch() {
    if (data_ != nullptr) {
      release(Device{}, data_, bytes_);
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* data() const { return data_; }
  T& operator[](std::int64_t i) const { return data_[i]; }

 private:
  std::size_t bytes_;
  T* data_;
};

}  // namespace heddle::cpu
