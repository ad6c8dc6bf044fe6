#pragma once

#include <string>

#include "train/report.h"

namespace heddle::report {

std::string format_value(double value, ReportUnit unit);

/// "76.9 ± 1.0 %", or just the mean where there is no deviation.
std::string format_spread(const ReportValue& value, ReportUnit unit);

}  // namespace heddle::report
