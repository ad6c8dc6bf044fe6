#include "train/report_lines.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "report/text.h"

namespace heddle::report {
namespace {

constexpr std::size_t many_points = 200;  // from here on the line is a mean over the faint values
constexpr std::size_t columns = 300;      // of a decimated line; a chart is about 500 pixels wide

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// Six significant digits, as JavaScript reads them.
std::string compact(double value) {
  std::array<char, 40> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                    std::chars_format::general, 6);
  return {buffer.data(), result.ptr};
}

}  // namespace

Line make_line(const ReportSeries& series) {
  const std::vector<Point> points = sorted_points(series);
  Line line;
  line.name = series.name;
  line.not_finite = static_cast<std::size_t>(std::count_if(
      points.begin(), points.end(), [](const Point& point) { return std::isnan(point.y); }));
  line.all = decimate(points, columns);
  line.window = points.size() > many_points ? std::max<std::size_t>(5, points.size() / 50) : 1;
  line.drawn = line.window > 1 ? running_mean(points, line.window, columns) : line.all;
  return line;
}

Frame make_frame(const ReportChart& chart, const std::vector<Line>& lines) {
  Range across;
  Range up;
  bool whole = true;
  for (const Line& line : lines) {
    for (const Point& point : line.all) {
      across.include(point.x);
      whole = whole && point.x == std::floor(point.x);
      if (!std::isnan(point.y)) {
        up.include(point.y);
      }
    }
  }
  // Steps and epochs are counted from nothing; a line that begins near there shows it.
  if (across.low > 0.0 && across.low <= 0.1 * across.high) {
    across.low = 0.0;
  }
  return {nice_ticks(across.low, across.high, 5, ReportUnit::number, whole, true),
          nice_ticks(up.low, up.high, 4, chart.unit)};
}

double last_finite(const Line& line) {
  for (auto point = line.drawn.rbegin(); point != line.drawn.rend(); ++point) {
    if (!std::isnan(point->y)) {
      return point->y;
    }
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::string path_data(const std::vector<Point>& points, const Frame& frame) {
  std::string data;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (std::isnan(points[i].y)) {
      continue;
    }
    const bool starts = i == 0 || std::isnan(points[i - 1].y);
    const bool alone = starts && (i + 1 == points.size() || std::isnan(points[i + 1].y));
    data += starts ? 'M' : 'L';
    data += coordinate(10.0 * frame.across(points[i].x), 1) + " ";
    data += coordinate(1000.0 - 10.0 * frame.up(points[i].y), 1);
    data += alone ? "h.1" : "";
  }
  return data;
}

std::string hover_data(const Line& line) {
  std::string x;
  std::string y;
  for (const Point& point : line.drawn) {
    if (!std::isnan(point.y)) {
      x.append(x.empty() ? "" : " ").append(compact(point.x));
      y.append(y.empty() ? "" : " ").append(compact(point.y));
    }
  }
  return " data-name=\"" + escape_html(line.name) + "\" data-x=\"" + x + "\" data-y=\"" + y + "\"";
}

}  // namespace heddle::report
