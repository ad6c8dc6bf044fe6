#include "train/report_values.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>

namespace heddle::report {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
const std::string thin = "\xE2\x80\xAF";

TEST(ReportValues, FormatsSpreads) {
  EXPECT_EQ(format_spread({0.769, 0.0104}, ReportUnit::fraction), "76.9 ± 1.0" + thin + "%");
  EXPECT_EQ(format_spread({0.769, std::nullopt}, ReportUnit::fraction), "76.9" + thin + "%");
  EXPECT_EQ(format_spread({1.0123, 0.0214}, ReportUnit::number), "1.012 ± 0.021");
  EXPECT_EQ(format_spread({12.3, 0.0}, ReportUnit::number), "12.300 ± 0.000");
  EXPECT_EQ(format_spread({nan, infinity}, ReportUnit::number), "NaN ± ∞");
}

}  // namespace
}  // namespace heddle::report
