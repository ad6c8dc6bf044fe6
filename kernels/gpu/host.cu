// The host's side of the vocabulary: the device's size, and checks of numbers on the device.

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

#if !defined(__CUDACC__)

DeviceLimits limits_of(const Stream& /*stream*/) {
  return {.multiprocessors = static_cast<int>(::heddle::sim::multiprocessors),
          .shared_bytes = ::heddle::sim::most_shared_bytes,
          .architecture = 90};
}

void check_values(Stream& /*stream*/, const char* kernel, const char* what, const ConstView& values,
                  std::int64_t low, std::int64_t high, std::int64_t other) {
  const Row<const std::int64_t> flat = row_of<std::int64_t>(values);
  for (std::int64_t i = 0; i < flat.size; ++i) {
    const std::int64_t value = flat.data[i * flat.stride];
    check(value == other || (value >= low && value <= high), kernel, ": ", what, "[", i, "] is ",
          value, "; expected ", low, " … ", high);
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
