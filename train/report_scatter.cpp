#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "report/text.h"
#include "train/report_axis.h"
#include "train/report_sections.h"

namespace heddle::report {
namespace {

constexpr double side = 480.0;        // of the square plot, in units of the picture
constexpr double left = 56.0;         // room for labels
constexpr double below = 48.0;        // the same under it
constexpr double around = 12.0;       // so that points on the border are whole
constexpr std::size_t most = 20'000;  // points drawn

/// True (across) and predicted (up) numbers on the same axis, so that what is right lies on the
/// diagonal.
struct Square {
  Ticks ticks;

  double across(double value) const {
    return left + side * (value - ticks.low) / (ticks.high - ticks.low);
  }
  double up(double value) const {
    return around + side * (ticks.high - value) / (ticks.high - ticks.low);
  }
};

bool is_drawn(const ReportScatter& scatter, std::size_t i) {
  return std::isfinite(scatter.truth[i]) && std::isfinite(scatter.predicted[i]);
}

std::vector<std::size_t> drawn_points(const ReportScatter& scatter) {
  std::vector<std::size_t> points;
  for (std::size_t i = 0; i < scatter.truth.size(); ++i) {
    if (is_drawn(scatter, i)) {
      points.push_back(i);
    }
  }
  return points;
}

Square square_of(const ReportScatter& scatter, const std::vector<std::size_t>& points) {
  double low = scatter.truth[points.front()];
  double high = low;
  for (const std::size_t i : points) {
    low = std::min({low, scatter.truth[i], scatter.predicted[i]});
    high = std::max({high, scatter.truth[i], scatter.predicted[i]});
  }
  constexpr int wanted = 6;
  return {nice_ticks(low, high, wanted, ReportUnit::number)};
}

std::string axes(const Square& square) {
  std::string grid;
  std::string labels;
  for (std::size_t i = 0; i < square.ticks.at.size(); ++i) {
    const double x = square.across(square.ticks.at[i]);
    const double y = square.up(square.ticks.at[i]);
    grid += "M" + coordinate(left) + " " + coordinate(y) + "h" + coordinate(side) + "M" +
            coordinate(x) + " " + coordinate(around) + "v" + coordinate(side);
    labels += "<text x=\"" + coordinate(left - 8.0) + "\" y=\"" + coordinate(y + 5.0) +
              "\" text-anchor=\"end\">" + square.ticks.labels[i] + "</text><text x=\"" +
              coordinate(x) + "\" y=\"" + coordinate(around + side + 20.0) +
              "\" text-anchor=\"middle\">" + square.ticks.labels[i] + "</text>";
  }
  const std::string middle = coordinate(left + 0.5 * side);
  return "<path class=\"grid\" d=\"" + grid + "\"/><path class=\"exact\" d=\"M" + coordinate(left) +
         " " + coordinate(around + side) + "L" + coordinate(left + side) + " " +
         coordinate(around) + "\"/>" + labels + "<text x=\"" + middle + "\" y=\"" +
         coordinate(around + side + 42.0) +
         "\" text-anchor=\"middle\">truth</text><text transform=\"translate(14 " +
         coordinate(around + 0.5 * side) +
         ") rotate(-90)\" text-anchor=\"middle\">predicted</text>";
}

std::string picture(const ReportScatter& scatter, const std::vector<std::size_t>& points) {
  const Square square = square_of(scatter, points);
  const std::size_t stride = (points.size() + most - 1) / most;
  std::string dots;  // lines of no length, which round caps make dots of
  for (std::size_t k = 0; k < points.size(); k += stride) {
    dots += "M" + coordinate(square.across(scatter.truth[points[k]]), 1) + " " +
            coordinate(square.up(scatter.predicted[points[k]]), 1) + "h0";
  }
  return "<svg viewBox=\"0 0 " + coordinate(left + side + around) + " " +
         coordinate(around + side + below) +
         "\" role=\"img\" aria-label=\"Predicted against true numbers of " +
         plural(static_cast<std::int64_t>(points.size()), "sample") + "\">" + axes(square) +
         "<path class=\"dots\" d=\"" + dots + "\"/></svg>" +
         (stride > 1
              ? "<p class=\"note\">One of " + format_count(static_cast<std::int64_t>(stride)) +
                    " samples is drawn.</p>"
              : "");
}

std::string figure(const ReportScatter& scatter) {
  const std::vector<std::size_t> points = drawn_points(scatter);
  const std::size_t lost = scatter.truth.size() - points.size();
  std::string html = "<figure class=\"scatter\"><figcaption><h3>" + escape_html(scatter.split) +
                     "</h3></figcaption>";
  html += points.empty() ? "<p class=\"empty\">No finite numbers.</p>" : picture(scatter, points);
  if (lost > 0) {
    html += "<p class=\"note warning\">" + plural(static_cast<std::int64_t>(lost), "sample") +
            " with a number that is NaN or infinite, left out.</p>";
  }
  return html + "</figure>\n";
}

}  // namespace

std::string scatters_section(const RunReport& report) {
  std::string body;
  for (const ReportScatter& scatter : report.scatters) {
    body += scatter.truth.empty() ? "" : figure(scatter);
  }
  return body.empty() ? ""
                      : section("scatter", "What it says, and what is true",
                                "Each point is a sample. On the dashed line the prediction is "
                                "exactly right; above it, it is too high.",
                                body);
}

}  // namespace heddle::report
