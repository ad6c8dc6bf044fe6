#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/tensor.h"

namespace heddle::bench {

/// The types that opponents' data has.
enum class Element : std::uint8_t { f32, bf16, f16 };

constexpr std::size_t size_of(Element element) { return element == Element::f32 ? 4 : 2; }

/// Memory of GPU 0, given back with its last owner.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  /// Not cleared; 0 bytes are none. Errors: OutOfMemory.
  explicit DeviceMemory(std::size_t bytes);

  void* data() const { return memory_.get(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<void> memory_;
  std::size_t bytes_ = 0;
};

/// A copy of host memory.
DeviceMemory upload_bytes(const void* host, std::size_t bytes);
/// The values, rounded to nearest even.
DeviceMemory upload(std::span<const float> values, Element element);
/// `count` values, once all work before is done.
std::vector<float> download(const void* device, std::int64_t count, Element element);

/// A tensor as an opponent reads it: its own memory where it lies on the GPU, row after row, in the
/// wanted type; else a copy there.
class Operand {
 public:
  Operand() = default;
  Operand(const Tensor& tensor, Element element);

  void* data() const { return data_; }

 private:
  Tensor shared_;
  DeviceMemory copy_;
  void* data_ = nullptr;
};

}  // namespace heddle::bench
