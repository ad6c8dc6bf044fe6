#include "train/report_axis.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/text.h"

namespace heddle::report {
namespace {

constexpr double largest = 1e300;  // of an axis: its width and its ticks stay finite
constexpr double gap = std::numeric_limits<double>::quiet_NaN();

// The smallest of 1, 2, 5, 10 × 10ⁿ that is at least `rough`.
double round_step(double rough) {
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1.0 - 1e-9)) {
      return factor * power;
    }
  }
  return 10.0 * power;
}

std::string tick_label(double value, double step, ReportUnit unit) {
  const double shown_step = unit == ReportUnit::fraction ? 100.0 * step : step;
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(shown_step) + 1e-9)));
  if (unit == ReportUnit::fraction) {
    return format_percent(value, std::min(decimals, 6));
  }
  const bool plain = decimals <= 4 && std::abs(value) < 1e7;
  return plain ? format_fixed(value, decimals) : format_number(value, 3);
}

void widen(double& low, double& high, bool whole) {
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(high - low)) {
    low = 0.0;
    high = 1.0;
  }
  if (low > high) {
    std::swap(low, high);
  }
  low = std::clamp(low, -largest, largest);
  high = std::clamp(high, -largest, largest);
  // Below this width the ticks would not be different numbers any more.
  const double smallest = std::max(1e-12 * std::max(std::abs(low), std::abs(high)), 1e-300);
  if (high - low <= smallest) {
    const double size = std::abs(low);
    const double margin = whole ? std::max(1.0, 1e-9 * size) : size > 1e-290 ? 0.1 * size : 1.0;
    low -= margin;
    high += margin;
  }
}

}  // namespace

Ticks nice_ticks(double low, double high, int wanted, ReportUnit unit, bool whole, bool snug) {
  widen(low, high, whole);
  Ticks ticks;
  ticks.step = round_step((high - low) / std::max(1, wanted));
  ticks.step = whole ? std::max(1.0, ticks.step) : ticks.step;
  const double slack = 1e-9;
  double first = std::floor(low / ticks.step + slack);
  double last = std::ceil(high / ticks.step - slack);
  ticks.low = snug ? low : first * ticks.step;
  ticks.high = snug ? high : last * ticks.step;
  if (snug) {
    first = std::ceil(low / ticks.step - slack);
    last = std::floor(high / ticks.step + slack);
  }
  for (double index = first; index <= last && ticks.at.size() < 50; index += 1.0) {
    ticks.at.push_back(index * ticks.step);
    ticks.labels.push_back(tick_label(ticks.at.back(), ticks.step, unit));
  }
  return ticks;
}

std::vector<Point> sorted_points(const ReportSeries& series) {
  std::vector<Point> points;
  points.reserve(series.x.size());
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (std::isfinite(series.x[i])) {
      points.push_back({series.x[i], std::isfinite(series.y[i]) ? series.y[i] : gap});
    }
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.x < b.x; });
  return points;
}

std::vector<Point> decimate(const std::vector<Point>& points, std::size_t columns) {
  if (points.size() <= 4 * columns || columns == 0) {
    return points;
  }
  std::vector<Point> kept;
  for (std::size_t column = 0; column < columns; ++column) {
    const std::size_t begin = column * points.size() / columns;
    const std::size_t end = (column + 1) * points.size() / columns;
    std::vector<std::size_t> chosen;
    for (std::size_t i = begin; i < end; ++i) {
      if (std::isnan(points[i].y)) {
        continue;
      }
      if (chosen.empty()) {
        chosen = {i, i, i, i};
      }
      chosen[1] = points[i].y < points[chosen[1]].y ? i : chosen[1];
      chosen[2] = points[i].y > points[chosen[2]].y ? i : chosen[2];
      chosen[3] = i;
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    for (const std::size_t i : chosen) {
      kept.push_back(points[i]);
    }
    if (chosen.empty()) {
      kept.push_back({points[begin].x, gap});
    }
  }
  return kept;
}

std::vector<Point> running_mean(const std::vector<Point>& points, std::size_t window,
                                std::size_t count) {
  std::vector<Point> means;
  const std::size_t shown = std::min(count, points.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const std::size_t centre =
        shown == 1 ? points.size() - 1 : i * (points.size() - 1) / (shown - 1);
    // The window shrinks evenly at both ends, so that the mean is not drawn towards the middle.
    const std::size_t half = std::min({window / 2, centre, points.size() - 1 - centre});
    double sum = 0.0;
    std::size_t finite = 0;
    for (std::size_t j = centre - half; j <= centre + half; ++j) {
      if (!std::isnan(points[j].y)) {
        sum += points[j].y;
        ++finite;
      }
    }
    means.push_back({points[centre].x, finite > 0 ? sum / static_cast<double>(finite) : gap});
  }
  return means;
}

}  // namespace heddle::report
