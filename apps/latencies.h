#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace heddle {

/// How long answers took: counts in buckets that grow by 1 %, so that a million answers need no
/// more memory than ten.
class Latencies {
 public:
  void add(std::chrono::nanoseconds time);

  std::int64_t count() const { return count_; }
  /// Milliseconds that this share (0 … 1) of the answers stayed within, to 1 %; 0 where there are
  /// none.
  double percentile(double share) const;
  double slowest() const { return slowest_; }  // milliseconds

 private:
  static constexpr std::size_t buckets = 2400;  // 1 µs · 1.01^2400 is 6 hours
  std::array<std::int64_t, buckets> counts_{};
  std::int64_t count_ = 0;
  double slowest_ = 0.0;
};

}  // namespace heddle
