#include "apps/latencies.h"

#include <algorithm>
#include <cmath>

namespace heddle {
namespace {

constexpr double growth = 1.01;
constexpr double smallest = 1e-3;  // milliseconds

}  // namespace

void Latencies::add(std::chrono::nanoseconds time) {
  const double milliseconds = std::chrono::duration<double, std::milli>(time).count();
  const double place = std::log(std::max(milliseconds / smallest, 1.0)) / std::log(growth);
  ++counts_[std::min(static_cast<std::size_t>(place), buckets - 1)];
  ++count_;
  slowest_ = std::max(slowest_, milliseconds);
}

double Latencies::percentile(double share) const {
  if (count_ == 0) {
    return 0.0;
  }
  const double wanted = std::max(share * static_cast<double>(count_), 1.0);
  std::int64_t seen = 0;
  std::size_t bucket = 0;
  for (; bucket < buckets; ++bucket) {
    seen += counts_[bucket];
    if (static_cast<double>(seen) >= wanted) {
      break;
    }
  }
  return std::min(smallest * std::pow(growth, static_cast<double>(bucket + 1)), slowest_);
}

}  // namespace heddle
