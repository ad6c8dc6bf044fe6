#include "train/report_axis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "train/report_lines.h"

namespace heddle::report {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(NiceTicks, AreRoundAndCoverTheData) {
  const Ticks ticks = nice_ticks(0.02, 0.693, 4, ReportUnit::number);
  EXPECT_EQ(ticks.labels, (std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8"}));
  EXPECT_DOUBLE_EQ(ticks.low, 0.0);
  EXPECT_DOUBLE_EQ(ticks.high, 0.8);
}

TEST(NiceTicks, LabelsHaveTheDigitsOfTheStep) {
  EXPECT_EQ(nice_ticks(0.97, 0.985, 3, ReportUnit::fraction).labels.front(), "97.0\xE2\x80\xAF%");
  EXPECT_EQ(nice_ticks(0.5, 1.0, 5, ReportUnit::fraction).labels.back(), "100\xE2\x80\xAF%");
  EXPECT_EQ(nice_ticks(0, 10000, 5, ReportUnit::number).labels.at(1), "2,000");
  EXPECT_EQ(nice_ticks(0, 3e-6, 3, ReportUnit::number).labels.at(1), "1×10⁻⁶");
}

TEST(NiceTicks, WholeStepsAndSnugEnds) {
  const Ticks ticks = nice_ticks(1, 3, 5, ReportUnit::number, true, true);
  EXPECT_EQ(ticks.labels, (std::vector<std::string>{"1", "2", "3"}));
  const Ticks snug = nice_ticks(3, 1487, 5, ReportUnit::number, true, true);
  EXPECT_EQ(snug.labels, (std::vector<std::string>{"500", "1,000"}));
  EXPECT_EQ(snug.low, 3.0);
  EXPECT_EQ(snug.high, 1487.0);
}

TEST(NiceTicks, SurviveAnyInterval) {
  const std::vector<double> values = {0.0,      1.0,       -1.0, 1e-300, 1e300, -1.7e308,
                                      infinity, -infinity, nan,  5e-324, 1e16,  1e16 + 2};
  for (const double low : values) {
    for (const double high : values) {
      for (const bool snug : {false, true}) {
        const Ticks ticks = nice_ticks(low, high, 5, ReportUnit::number, snug, snug);
        EXPECT_TRUE(std::isfinite(ticks.low) && std::isfinite(ticks.high)) << low << " " << high;
        EXPECT_GT(ticks.high, ticks.low) << low << " " << high;
        EXPECT_LE(ticks.at.size(), 50u);
        EXPECT_EQ(ticks.at.size(), ticks.labels.size());
        EXPECT_TRUE(std::is_sorted(ticks.at.begin(), ticks.at.end()));
      }
    }
  }
}

std::vector<Point> sine(std::size_t count) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back({static_cast<double>(i), std::sin(0.01 * static_cast<double>(i))});
  }
  return points;
}

TEST(Decimate, KeepsEverySpikeAndBothEnds) {
  std::vector<Point> points = sine(10000);
  points[1234].y = 40.0;
  points[8765].y = -40.0;
  const std::vector<Point> kept = decimate(points, 300);
  EXPECT_LE(kept.size(), 1200u);
  const auto has = [&](double x) {
    return std::any_of(kept.begin(), kept.end(), [&](const Point& p) { return p.x == x; });
  };
  EXPECT_TRUE(has(0) && has(1234) && has(8765) && has(9999));
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(),
                             [](const Point& a, const Point& b) { return a.x < b.x; }));
}

TEST(Decimate, LeavesShortLinesAndBoundsBrokenOnes) {
  EXPECT_EQ(decimate(sine(1200), 300).size(), 1200u);
  std::vector<Point> broken = sine(10000);
  for (std::size_t i = 0; i < broken.size(); i += 2) {
    broken[i].y = nan;
  }
  EXPECT_LE(decimate(broken, 300).size(), 1200u);
  for (Point& point : broken) {
    point.y = nan;
  }
  for (const Point& point : decimate(broken, 300)) {
    EXPECT_TRUE(std::isnan(point.y));
  }
}

TEST(RunningMean, OfALineIsTheLine) {
  std::vector<Point> points;
  for (int i = 0; i < 1000; ++i) {
    points.push_back({1.0 * i, 2.0 * i + 1.0});
  }
  points[500].y = nan;
  const std::vector<Point> means = running_mean(points, 21, 100);
  ASSERT_EQ(means.size(), 100u);
  EXPECT_EQ(means.front().x, 0.0);
  EXPECT_EQ(means.back().x, 999.0);
  for (const Point& mean : means) {
    EXPECT_NEAR(mean.y, 2.0 * mean.x + 1.0, 1.1);
  }
  EXPECT_TRUE(running_mean({}, 21, 100).empty());
}

TEST(SortedPoints, OrdersStepsAndDropsThoseWithoutAPlace) {
  const std::vector<Point> points = sorted_points({"", {3, nan, 1, 2}, {30, 0, 10, infinity}});
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].y, 10.0);
  EXPECT_TRUE(std::isnan(points[1].y)) << "infinity breaks the line";
  EXPECT_EQ(points[2].y, 30.0);
}

TEST(Lines, BreakAtGapsAndDrawLonelyPointsAsDots) {
  ReportChart chart;
  chart.series = {{"a", {0, 1, 2, 3, 4}, {0, 1, nan, 1, nan}}};
  const std::vector<Line> lines = {make_line(chart.series[0])};
  const std::string path = path_data(lines[0].drawn, make_frame(chart, lines));
  EXPECT_EQ(std::count(path.begin(), path.end(), 'M'), 2);
  EXPECT_EQ(std::count(path.begin(), path.end(), 'L'), 1);
  EXPECT_EQ(std::count(path.begin(), path.end(), 'h'), 1);
  EXPECT_EQ(lines[0].not_finite, 2u);
  EXPECT_EQ(last_finite(lines[0]), 1.0);
}

}  // namespace
}  // namespace heddle::report
