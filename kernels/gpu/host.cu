// The host's side of the vocabulary: the device's size, and checks of numbers on the device.

#include <string>
#include <vector>

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

#if !defined(__CUDACC__)

DeviceLimits limits_of(const Stream& /*stream*/) {
  return {.multiprocessors = static_cast<int>(::heddle::sim::multiprocessors),
          .shared_bytes = ::heddle::sim::most_shared_bytes,
          .architecture = 90,
          .cluster = ::heddle::sim::most_cluster};
}

void check_values(Stream& stream, const char* kernel, const char* what, const ConstView& values,
                  std::int64_t low, std::int64_t high, std::int64_t other) {
  if (Recording* const recording = active_recording()) {  // there is nothing to check yet
    recording->emplace_back([on = stream, kernel, what, values, low, high, other]() mutable {
      check_values(on, kernel, what, values, low, high, other);
    });
    return;
  }
  const auto* const data = values.pointer<std::int64_t>();
  std::vector<std::int64_t> place(static_cast<std::size_t>(values.rank()));
  for (std::int64_t i = 0; i < values.elements(); ++i) {
    std::int64_t offset = 0;
    std::int64_t rest = i;
    for (int d = values.rank() - 1; d >= 0; --d) {
      place[static_cast<std::size_t>(d)] = rest % values.size(d);
      offset += rest % values.size(d) * values.stride(d);
      rest /= values.size(d);
    }
    const std::int64_t value = data[offset];
    if (value == other || (value >= low && value <= high)) {
      continue;
    }
    std::string where;
    for (const std::int64_t index : place) {
      where += (where.empty() ? "" : ", ") + std::to_string(index);
    }
    fail(kernel, ": ", what, "[", where, "] is ", value, "; expected ", low, " … ", high);
  }
}

#endif

void check_values(Stream& stream, const char* kernel, const char* what, const ConstView& values,
                  std::int64_t low, std::int64_t high) {
  check_values(stream, kernel, what, values, low, high, low);
}

Lengths lengths_of(Stream& stream, const char* kernel, const ConstView& lengths, std::int64_t rows,
                   std::int64_t most) {
  if (!lengths.given) {
    return {.data = nullptr, .stride = 0, .most = most};
  }
  check_shape(kernel, {"lengths", lengths}, {rows});
  check_dtype(kernel, {"lengths", lengths}, DType::i64);
  check_values(stream, kernel, "lengths", lengths, 0, most);
  return {.data = lengths.pointer<std::int64_t>(), .stride = lengths.stride(0), .most = most};
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
