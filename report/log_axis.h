#pragma once

#include <string>
#include <vector>

namespace heddle::report {

/// A logarithmic axis with ticks at 1, 2, 5 times powers of ten, or at powers of ten alone.
struct LogAxis {
  double low = 0.1;
  double high = 10.0;
  std::vector<double> at;
  std::vector<std::string> labels;

  /// Where a value lies, 0 (low) to 1 (high); the nearest end for values outside.
  double place(double value) const;
};

/// For values low … high with at most about `wanted` ticks. Ends that are not positive and finite,
/// or equal, are widened.
LogAxis log_axis(double low, double high, int wanted);

}  // namespace heddle::report
