// 0, 1, …, count − 1 on a device. Constant: no gradient.

#include <algorithm>
#include <mutex>
#include <vector>

#include "autograd/ops.h"

namespace heddle {

Tensor positions(std::int64_t count, Device device) {
  if (device == Device{}) {
    return Tensor::arange(count);
  }
  // Not destroyed, since the device's runtime may be gone first.
  static auto& mutex = *new std::mutex;
  static auto& kept = *new std::vector<Tensor>;  // all there ever were: captured graphs read them
  const std::lock_guard lock(mutex);
  for (const Tensor& tensor : kept) {
    if (tensor.device() == device && tensor.size(0) >= count) {
      return tensor.slice(0, 0, count);
    }
  }
  constexpr std::int64_t least = 1024;
  std::int64_t size = least;
  while (size < count) {
    size *= 2;
  }
  kept.push_back(Tensor::arange(size).to(device));
  return kept.back().slice(0, 0, count);
}

}  // namespace heddle
