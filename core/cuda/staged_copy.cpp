#include "core/cuda/staged_copy.h"

#include <cstdlib>
#include <memory>
#include <new>

#include "core/host_copy.h"
#include "core/memory.h"

namespace heddle::cuda {
namespace {

/// The memory from a view's first to its last element, on the host.
class HostImage {
 public:
  explicit HostImage(const ConstView& view) : device_(view.device) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    for (int d = 0; d < view.rank(); ++d) {
      const std::int64_t far = (view.size(d) - 1) * view.stride(d);
      (far < 0 ? low : high) += far;
    }
    const auto size = static_cast<std::int64_t>(size_of(view.dtype));
    bytes_ = static_cast<std::size_t>((high - low + 1) * size);
    offset_ = -low * size;
    on_device_ = static_cast<const std::byte*>(view.data) - offset_;
    memory_ = std::make_unique<std::byte[]>(bytes_);
    cuda_memory().download(device_, memory_.get(), on_device_, bytes_);
  }

  View view_like(const ConstView& view) {
    View result;
    static_cast<ConstView&>(result) = view;
    result.data = memory_.get() + offset_;
    result.device = Device{};
    return result;
  }

  void write_back() {
    cuda_memory().upload(device_, const_cast<std::byte*>(on_device_), memory_.get(), bytes_);
  }

 private:
  Device device_;
  std::size_t bytes_ = 0;
  std::int64_t offset_ = 0;
  const std::byte* on_device_ = nullptr;
  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace

void staged_copy(Stream& /*stream*/, const View& destination, const ConstView& source) {
  HostImage from(source);
  HostImage to(destination);
  host_copy(to.view_like(destination), from.view_like(source));
  to.write_back();
}

void staged_fill(Stream& /*stream*/, const View& destination, double value) {
  HostImage to(destination);
  host_fill(to.view_like(destination), value);
  to.write_back();
}

}  // namespace heddle::cuda
