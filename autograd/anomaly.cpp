#include <cmath>
#include <string_view>

#include "autograd/node.h"

namespace heddle {
namespace {

thread_local bool anomaly_detection = false;

/// Row-major index of the first value that is not finite, or −1.
std::int64_t first_not_finite(const Tensor& tensor) {
  if (!is_floating(tensor.dtype())) {
    return -1;
  }
  const Tensor host = tensor.to(Device{}).contiguous();
  return dispatch_floating(host.dtype(), "anomaly detection", [&](auto tag) -> std::int64_t {
    using T = typename decltype(tag)::type;
    const T* values = host.data<T>();
    for (std::int64_t i = 0; i < host.elements(); ++i) {
      if (!std::isfinite(values[i])) {
        return i;
      }
    }
    return -1;
  });
}

Dims unravelled(std::int64_t index, const Shape& shape) {
  Dims place = Dims::filled(shape.rank(), 0);
  for (int dim = shape.rank() - 1; dim >= 0; --dim) {
    place[dim] = index % shape[dim];
    index /= shape[dim];
  }
  return place;
}

}  // namespace

DetectAnomaly::DetectAnomaly() : before_(anomaly_detection) { anomaly_detection = true; }
DetectAnomaly::~DetectAnomaly() { anomaly_detection = before_; }

bool detecting_anomaly() { return anomaly_detection; }

bool all_finite(const Tensor& tensor) { return first_not_finite(tensor) < 0; }

std::ostream& operator<<(std::ostream& out, const Described& described) {
  std::string_view file = described.where.file_name();
  if (const auto slash = file.find_last_of('/'); slash != std::string_view::npos) {
    file.remove_prefix(slash + 1);
  }
  return out << '\'' << described.operation << "' (" << file << ':' << described.where.line()
             << ')';
}

void throw_if_not_finite(const char* operation, const Where& where, const char* what,
                         std::span<const Variable> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].defined()) {
      continue;
    }
    const Tensor& tensor = values[i].value();
    const std::int64_t index = first_not_finite(tensor);
    if (index >= 0) {
      const double value = tensor.flatten().select(0, index).item<double>();
      fail<NumericError>(Described{operation, where}, ": ", what, " ", i, " is ",
                         std::isnan(value) ? "NaN" : (value > 0 ? "+inf" : "-inf"), " at ",
                         unravelled(index, tensor.shape()), " of ", tensor.shape(),
                         ", the first value that is not finite");
    }
  }
}

}  // namespace heddle
