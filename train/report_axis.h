#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "train/report.h"

namespace heddle::report {

/// Evenly spaced round positions (1, 2 or 5 times a power of ten) that cover an interval.
struct Ticks {
  double low = 0.0;   // the axis: the first tick at or below the data
  double high = 1.0;  // and the last at or above it
  double step = 1.0;
  std::vector<double> at;
  std::vector<std::string> labels;
};

/// Ticks for values low … high, about `wanted` of them. An interval without a width is widened; one
/// that is not finite becomes 0 … 1. With `whole` the step is at least one. With `snug` the axis
/// ends at low and high themselves and only the ticks between are kept (for steps and epochs).
Ticks nice_ticks(double low, double high, int wanted, ReportUnit unit, bool whole = false,
                 bool snug = false);

struct Point {
  double x = 0.0;
  double y = 0.0;  // NaN where the line is broken
};

/// The points of a series in the order of x; those without a finite x are dropped, a y that is not
/// finite becomes NaN.
std::vector<Point> sorted_points(const ReportSeries& series);

/// At most about 4 · columns points that look the same drawn `columns` wide: first, lowest, highest
/// and last of each column, so that no spike is lost. Up to that many points are kept as they are.
std::vector<Point> decimate(const std::vector<Point>& points, std::size_t columns);

/// At most `count` points, each the mean of the finite ones in a window of `window` points around
/// it.
std::vector<Point> running_mean(const std::vector<Point>& points, std::size_t window,
                                std::size_t count);

}  // namespace heddle::report
