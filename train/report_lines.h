#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "train/report.h"
#include "train/report_axis.h"

namespace heddle::report {

/// A series made ready for drawing. A short one is drawn as it is; of a long one every value is
/// drawn faintly, under a bold running mean.
struct Line {
  std::string name;
  std::vector<Point> all;    // every point, decimated
  std::vector<Point> drawn;  // the bold line
  std::size_t window = 1;    // points per mean
  std::size_t not_finite = 0;
};

/// The axes of a chart and where a value lies on them, in percent of the plot.
struct Frame {
  Ticks x;
  Ticks y;
  double across(double value) const { return 100.0 * (value - x.low) / (x.high - x.low); }
  double up(double value) const { return 100.0 * (value - y.low) / (y.high - y.low); }
};

Line make_line(const ReportSeries& series);

Frame make_frame(const ReportChart& chart, const std::vector<Line>& lines);

/// The last value of the bold line; NaN where it has none.
double last_finite(const Line& line);

/// A path in a box of 1000 × 1000 that is stretched over the plot; strokes keep their width. A
/// point without a neighbour becomes a dot, by way of a round cap on a line of no length.
std::string path_data(const std::vector<Point>& points, const Frame& frame);

/// The attributes from which the script tells values: name, x and y of the bold line.
std::string hover_data(const Line& line);

}  // namespace heddle::report
