#include "report/roofline.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "report/benchmark_groups.h"
#include "report/label_places.h"
#include "report/log_axis.h"
#include "report/text.h"

namespace heddle::report {
namespace {

constexpr double width = 760;
constexpr double height = 430;
constexpr Box plot{64, 14, 744, 382};
constexpr double letter_width = 7.4;
constexpr double letter_height = 12;

bool drawable(const RoofPoint& point) {
  return point.intensity > 0.0 && point.gflop_per_s > 0.0 && std::isfinite(point.intensity) &&
         std::isfinite(point.gflop_per_s);
}

struct Frame {
  LogAxis x;
  LogAxis y;
  double across(double value) const {
    return plot.left + x.place(value) * (plot.right - plot.left);
  }
  double down(double value) const {
    return plot.bottom - y.place(value) * (plot.bottom - plot.top);
  }
};

bool has_roof(const BenchmarkRates& rates) {
  return rates.copy_gb_per_s > 0.0 && rates.fma_gflop_per_s > 0.0;
}

Frame frame_of(const BenchmarkRates& rates, const std::vector<RoofPoint>& points) {
  double left = points.front().intensity, right = left;
  double low = points.front().gflop_per_s, high = low;
  for (const RoofPoint& point : points) {
    left = std::min(left, point.intensity);
    right = std::max(right, point.intensity);
    low = std::min(low, point.gflop_per_s);
    high = std::max(high, point.gflop_per_s);
  }
  if (has_roof(rates)) {
    const double ridge = rates.fma_gflop_per_s / rates.copy_gb_per_s;
    left = std::min(left, ridge / 2.0);
    right = std::max(right, ridge * 2.0);
    high = std::max(high, rates.fma_gflop_per_s);
  }
  return {log_axis(left / 2.5, right * 2.5, 9), log_axis(low / 2.5, high * 2.2, 9)};
}

std::string at(double x, double y) { return coordinate(x, 1) + " " + coordinate(y, 1); }

std::string text(double x, double y, const char* style, const std::string& words) {
  return "<text x=\"" + coordinate(x, 1) + "\" y=\"" + coordinate(y, 1) + "\" class=\"" + style +
         "\">" + words + "</text>";
}

std::string axes(const Frame& frame) {
  std::string grid;
  std::string labels;
  for (std::size_t i = 0; i < frame.x.at.size(); ++i) {
    const double x = frame.across(frame.x.at[i]);
    grid += "M" + at(x, plot.top) + "V" + coordinate(plot.bottom, 1);
    labels += text(x, plot.bottom + 17, "under", frame.x.labels[i]);
  }
  for (std::size_t i = 0; i < frame.y.at.size(); ++i) {
    const double y = frame.down(frame.y.at[i]);
    grid += "M" + at(plot.left, y) + "H" + coordinate(plot.right, 1);
    labels += text(plot.left - 8, y + 4, "beside", frame.y.labels[i]);
  }
  return "<path class=\"grid\" d=\"" + grid + "\"/>" + labels +
         text(plot.right, plot.bottom + 38, "beside", "operations per byte") +
         text(plot.left, plot.bottom + 38, "start", "↑ GFLOP/s");
}

/// The roof, and in `taken` where its words stand.
std::string roof(const Frame& frame, const BenchmarkRates& rates, std::vector<Box>& taken) {
  const double ridge = rates.fma_gflop_per_s / rates.copy_gb_per_s;
  // Where the slope enters: at the left edge, or at the floor.
  const double enters = std::max(frame.x.low, frame.y.low / rates.copy_gb_per_s);
  const double x = frame.across(enters);
  const double y = frame.down(enters * rates.copy_gb_per_s);
  const double ridge_x = frame.across(ridge);
  const double top = frame.down(rates.fma_gflop_per_s);
  const std::string peak = "multiply-add " + format_number(rates.fma_gflop_per_s, 3) + " GFLOP/s";
  const std::string copy = "copy " + format_number(rates.copy_gb_per_s, 3) + " GB/s";
  const double slope = std::atan2(top - y, ridge_x - x);
  const double middle_x = (x + ridge_x) / 2.0 + 9.0 * std::sin(slope);
  const double middle_y = (y + top) / 2.0 - 9.0 * std::cos(slope);
  const double half = 6.0 * static_cast<double>(copy.size()) / 2.0;
  for (double along = -half; along <= half; along += 8.0) {
    const double cx = middle_x + along * std::cos(slope);
    const double cy = middle_y + along * std::sin(slope);
    taken.push_back({cx - 7, cy - 9, cx + 7, cy + 5});
  }
  taken.push_back({plot.right - 6.6 * static_cast<double>(peak.size()), top - 20, plot.right, top});
  return "<path class=\"roof\" d=\"M" + at(x, y) + "L" + at(ridge_x, top) + "H" +
         coordinate(plot.right, 1) + "\"/>" +
         text(plot.right - 4, top - 7, "beside roof-name", peak) +
         "<text class=\"middle roof-name\" transform=\"translate(" + at(middle_x, middle_y) +
         ") rotate(" + coordinate(slope * 180.0 / 3.14159265358979, 1) + ")\">" + copy + "</text>";
}

std::string shape(RoofMark mark, double x, double y) {
  switch (mark) {
    case RoofMark::lost:
      return "<path class=\"mark-lost\" d=\"M" + at(x - 4.2, y - 4.2) +
             "l8.4 8.4m0 -8.4l-8.4 8.4\"/>";
    case RoofMark::best:
      return "<path class=\"mark-best\" d=\"M" + at(x - 4.5, y - 4.5) + "h9v9h-9z\"/>";
    case RoofMark::first:
      return "<circle class=\"mark-first\" cx=\"" + coordinate(x, 1) + "\" cy=\"" +
             coordinate(y, 1) + "\" r=\"4\"/>";
    case RoofMark::plain:
      break;
  }
  return "<circle class=\"mark-plain\" cx=\"" + coordinate(x, 1) + "\" cy=\"" + coordinate(y, 1) +
         "\" r=\"4\"/>";
}

std::string drawing(const BenchmarkRates& rates, const std::vector<RoofPoint>& points) {
  const Frame frame = frame_of(rates, points);
  std::vector<Box> taken;
  std::string svg = axes(frame);
  svg += has_roof(rates) ? roof(frame, rates, taken) : "";
  std::vector<double> x, y, widths;
  for (const RoofPoint& point : points) {
    x.push_back(frame.across(point.intensity));
    y.push_back(frame.down(point.gflop_per_s));
    widths.push_back(letter_width * static_cast<double>(point.label.size()));
  }
  const std::vector<PlacedLabel> labels = place_labels(x, y, widths, letter_height, plot, taken);
  std::string lines;
  std::string marks;
  std::string words;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (labels[i].far) {
      lines += "M" + at(x[i], y[i]) + "L" + at(labels[i].x, labels[i].y);
    }
    marks += "<g><title>" + escape_html(points[i].name) + "</title>" +
             shape(points[i].mark, x[i], y[i]) + "</g>";
    words += text(labels[i].x, labels[i].y + 4, "point-name", escape_html(points[i].label));
  }
  return "<svg viewBox=\"0 0 " + coordinate(width) + " " + coordinate(height) +
         "\" role=\"img\" aria-label=\"Achieved GFLOP/s over operations per byte; the numbers "
         "stand "
         "in the table below\">" +
         svg + "<path class=\"leaders\" d=\"" + lines + "\"/>" + marks + words + "</svg>";
}

std::string numbers(const std::vector<RoofPoint>& points) {
  std::string rows;
  for (const RoofPoint& point : points) {
    rows += "<tr><th scope=\"row\"><b>" + escape_html(point.label) + "</b> " +
            escape_html(point.name) + "</th><td>" +
            (point.intensity > 0.0 ? format_number(point.intensity, 3) : "–") + "</td><td>" +
            format_number(point.gflop_per_s, 3) + "</td><td>" + format_number(point.gb_per_s, 3) +
            "</td><td>" + (point.roof_fraction > 0.0 ? format_percent(point.roof_fraction) : "–") +
            "</td></tr>\n";
  }
  return "<details class=\"numbers\"><summary>Numbers</summary><div class=\"scroll\"><table><thead>"
         "<tr><td></td><th scope=\"col\">operations per byte</th><th scope=\"col\">GFLOP/s</th>"
         "<th scope=\"col\">GB/s</th><th scope=\"col\">of the roof</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div></details>\n";
}

std::string notes(const BenchmarkRates& rates, const std::vector<RoofPoint>& points,
                  std::size_t left_out) {
  std::string text;
  if (!has_roof(rates)) {
    text +=
        "<p class=\"note warning\">The file holds no copy bandwidth and multiply-add rate for "
        "this setting, so there is no roof.</p>";
  }
  const auto above = std::count_if(points.begin(), points.end(), [](const RoofPoint& point) {
    return point.roof_fraction > 1.0;
  });
  if (above > 0) {
    text += "<p class=\"note\">" + plural(above, "point") +
            " above the roof: operands that stay in a cache move faster than memory copies, tensor "
            "cores multiply faster than f32 multiply-add, and a roof that was measured while the "
            "machine was busy is too low.</p>";
  }
  if (left_out > 0) {
    text += "<p class=\"note\">" + plural(static_cast<std::int64_t>(left_out), "row") +
            " without arithmetic or without traffic cannot be drawn here; see the numbers.</p>";
  }
  return text;
}

}  // namespace

RoofPoint roof_point(const BenchmarkRates& rates, const BenchmarkCase& what, double milliseconds,
                     std::string label, std::string name, RoofMark mark) {
  RoofPoint point;
  point.label = std::move(label);
  point.name = std::move(name);
  point.intensity = what.bytes > 0.0 ? what.operations / what.bytes : 0.0;
  point.gflop_per_s = what.operations / (1e6 * milliseconds);
  point.gb_per_s = what.bytes / (1e6 * milliseconds);
  point.roof_fraction = fraction_of_roof(rates, what, milliseconds);
  point.mark = mark;
  return point;
}

std::string roofline(const std::string& title, const BenchmarkRates& rates,
                     const std::vector<RoofPoint>& points, const std::string& key) {
  if (points.empty()) {
    return "";
  }
  std::vector<RoofPoint> drawn;
  std::copy_if(points.begin(), points.end(), std::back_inserter(drawn), drawable);
  std::string html = "<figure class=\"roofline\"><figcaption><h4>" + title + "</h4></figcaption>\n";
  if (!drawn.empty()) {
    html += "<div class=\"scroll\" tabindex=\"0\">" + drawing(rates, drawn) + "</div>\n" + key;
  }
  return html + notes(rates, points, points.size() - drawn.size()) + numbers(points) +
         "</figure>\n";
}

}  // namespace heddle::report
