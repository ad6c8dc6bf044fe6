#include "report/log_axis.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace heddle::report {
namespace {

TEST(LogAxis, TicksAreRound) {
  const LogAxis axis = log_axis(0.4, 12.0, 9);
  EXPECT_EQ(axis.labels, (std::vector<std::string>{"0.5", "1", "2", "5", "10"}));
  EXPECT_DOUBLE_EQ(axis.place(0.4), 0.0);
  EXPECT_DOUBLE_EQ(axis.place(12.0), 1.0);
  EXPECT_NEAR(log_axis(0.1, 10.0, 9).place(1.0), 0.5, 1e-12);
}

TEST(LogAxis, WideAxesHavePowersOfTenAlone) {
  const LogAxis axis = log_axis(1e-6, 1e6, 7);
  EXPECT_LE(axis.at.size(), 7u);
  EXPECT_GE(axis.at.size(), 3u);
}

TEST(LogAxis, BadEndsAreReplaced) {
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()}) {
    const LogAxis axis = log_axis(bad, bad, 9);
    EXPECT_GT(axis.low, 0.0);
    EXPECT_LT(axis.low, axis.high);
    EXPECT_GE(axis.place(bad), 0.0);
    EXPECT_LE(axis.place(bad), 1.0);
  }
  EXPECT_LT(log_axis(3.0, 3.0, 9).low, 3.0);
}

}  // namespace
}  // namespace heddle::report
