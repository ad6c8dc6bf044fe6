#include "train/report_values.h"

#include <algorithm>
#include <cmath>

#include "report/text.h"

namespace heddle::report {

std::string format_value(double value, ReportUnit unit) {
  return unit == ReportUnit::fraction ? format_percent(value) : format_number(value);
}

std::string format_spread(const ReportValue& value, ReportUnit unit) {
  if (!value.deviation) {
    return format_value(value.mean, unit);
  }
  if (unit == ReportUnit::fraction) {
    return format_fixed(100.0 * value.mean, 1) + " ± " + format_percent(*value.deviation);
  }
  const double size = std::abs(*value.deviation);
  const int decimals = size > 0.0 && std::isfinite(size)
                           ? std::clamp(1 - static_cast<int>(std::floor(std::log10(size))), 0, 6)
                           : 3;
  return format_fixed(value.mean, decimals) + " ± " + format_fixed(*value.deviation, decimals);
}

}  // namespace heddle::report
