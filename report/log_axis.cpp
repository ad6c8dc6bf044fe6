#include "report/log_axis.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "report/text.h"

namespace heddle::report {
namespace {

constexpr double smallest = 1e-15;
constexpr double largest = 1e18;

double usable(double value, double otherwise) {
  return std::isfinite(value) && value > 0.0 ? std::clamp(value, smallest, largest) : otherwise;
}

std::vector<double> ticks(double low, double high, const std::vector<double>& factors, int stride) {
  std::vector<double> at;
  const int first = static_cast<int>(std::floor(std::log10(low)));
  const int last = static_cast<int>(std::ceil(std::log10(high)));
  for (int exponent = first; exponent <= last; ++exponent) {
    if (exponent % stride != 0) {
      continue;
    }
    for (const double factor : factors) {
      const double value = factor * std::pow(10.0, exponent);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) {
        at.push_back(value);
      }
    }
  }
  return at;
}

}  // namespace

double LogAxis::place(double value) const {
  const double inside = std::clamp(usable(value, low), low, high);
  return std::log(inside / low) / std::log(high / low);
}

LogAxis log_axis(double low, double high, int wanted) {
  LogAxis axis;
  axis.low = usable(low, 0.1);
  axis.high = usable(high, 10.0);
  if (axis.low > axis.high) {
    std::swap(axis.low, axis.high);
  }
  if (axis.high < axis.low * 1.001) {
    axis.low /= 2.0;
    axis.high *= 2.0;
  }
  axis.at = ticks(axis.low, axis.high, {1, 2, 5}, 1);
  for (int stride = 1; axis.at.size() > static_cast<std::size_t>(wanted) && stride <= 32;
       stride *= 2) {
    axis.at = ticks(axis.low, axis.high, {1}, stride);
  }
  for (const double value : axis.at) {
    axis.labels.push_back(format_number(value, 3));
  }
  return axis;
}

}  // namespace heddle::report
