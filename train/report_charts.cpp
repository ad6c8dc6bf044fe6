#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "report/text.h"
#include "train/report_lines.h"
#include "train/report_sections.h"
#include "train/report_values.h"

namespace heddle::report {
namespace {

constexpr double label_height = 15.0;  // of a two-line label, in percent of the plot's height

std::string grid_path(const Frame& frame) {
  std::string data;
  for (const double value : frame.y.at) {
    data += "M0 " + coordinate(1000.0 - 10.0 * frame.up(value), 1) + "H1000";
  }
  return data;
}

std::string style_class(std::size_t index) { return {'s', static_cast<char>('0' + index % 6)}; }

// Labels at the right ends of the lines, moved apart until none covers another.
std::string end_labels(const ReportChart& chart, const std::vector<Line>& lines,
                       const Frame& frame) {
  struct Label {
    std::size_t line;
    double at;
  };
  std::vector<Label> labels;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double value = last_finite(lines[i]);
    if (!std::isnan(value)) {
      labels.push_back({i, frame.up(value)});
    }
  }
  std::stable_sort(labels.begin(), labels.end(),
                   [](const Label& a, const Label& b) { return a.at < b.at; });
  double lowest = 0.5 * label_height;
  for (Label& label : labels) {
    label.at = std::max(label.at, lowest);
    lowest = label.at + label_height;
  }
  double highest = 100.0 - 0.5 * label_height;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    label->at = std::min(label->at, highest);
    highest = label->at - label_height;
  }
  std::string html = "<div class=\"ends\" aria-hidden=\"true\">";
  for (const Label& label : labels) {
    const Line& line = lines[label.line];
    html += "<span class=\"" + style_class(label.line) +
            "\" style=\"bottom:" + coordinate(label.at) + "%\">" + escape_html(line.name) + "<b>" +
            format_value(last_finite(line), chart.unit) + "</b></span>";
  }
  return html + "</div>";
}

std::string tick_labels(const Ticks& ticks, bool vertical) {
  std::string html;
  for (std::size_t i = 0; i < ticks.at.size(); ++i) {
    const double place = 100.0 * (ticks.at[i] - ticks.low) / (ticks.high - ticks.low);
    html += vertical ? "<span style=\"bottom:" : "<span style=\"left:";
    html += coordinate(place) + "%\">" + ticks.labels[i] + "</span>";
  }
  return html;
}

// Characters of the widest label, which sets the room beside the plot.
std::size_t widest_label(const Ticks& ticks) {
  std::size_t widest = 1;
  for (const std::string& label : ticks.labels) {
    const auto characters = std::count_if(label.begin(), label.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
    });
    widest = std::max(widest, static_cast<std::size_t>(characters));
  }
  return std::min<std::size_t>(widest, 10);
}

std::string described(const ReportChart& chart, const std::vector<Line>& lines) {
  std::string text = escape_html(chart.title) + " over " + escape_html(chart.x_label) + ".";
  for (const Line& line : lines) {
    const auto finite = [](const Point& point) { return !std::isnan(point.y); };
    const auto first = std::find_if(line.drawn.begin(), line.drawn.end(), finite);
    if (first != line.drawn.end()) {
      text.append(" ").append(escape_html(line.name)).append(": from ");
      text.append(format_value(first->y, chart.unit)).append(" to ");
      text.append(format_value(last_finite(line), chart.unit)).append(".");
    }
  }
  return text;
}

// First, lowest, highest and last value of each line, for those who cannot see or hover.
std::string numbers_table(const ReportChart& chart, const std::vector<Line>& lines) {
  std::string rows;
  for (const Line& line : lines) {
    std::vector<Point> finite;
    std::copy_if(line.all.begin(), line.all.end(), std::back_inserter(finite),
                 [](const Point& point) { return !std::isnan(point.y); });
    if (finite.empty()) {
      continue;
    }
    const auto [lowest, highest] = std::minmax_element(
        finite.begin(), finite.end(), [](const Point& a, const Point& b) { return a.y < b.y; });
    rows += "<tr><th scope=\"row\">" + escape_html(line.name) + "</th>";
    for (const Point& point : {finite.front(), *lowest, *highest, finite.back()}) {
      rows += "<td>" + format_value(point.y, chart.unit) + " <small>at " +
              format_number(point.x, 6) + "</small></td>";
    }
    rows += "</tr>";
  }
  return "<details class=\"numbers\"><summary>Numbers</summary><div class=\"scroll\"><table>"
         "<thead><tr><th></th><th scope=\"col\">first</th><th scope=\"col\">lowest</th>"
         "<th scope=\"col\">highest</th><th scope=\"col\">last</th></tr></thead><tbody>" +
         rows + "</tbody></table></div></details>";
}

std::string notes(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    if (line.window > 1) {
      text += "<p class=\"note\">" + escape_html(line.name) +
              ": faint, every value; bold, mean over " +
              format_count(static_cast<std::int64_t>(line.window)) + " values.</p>";
    }
    if (line.not_finite > 0) {
      text += "<p class=\"note warning\">" + escape_html(line.name) + ": " +
              plural(static_cast<std::int64_t>(line.not_finite), "value") +
              " NaN or infinite, left out.</p>";
    }
  }
  return text;
}

std::string plot_area(const ReportChart& chart, const std::vector<Line>& lines,
                      const Frame& frame) {
  std::string html =
      "<svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\"><path class=\"grid\" d=\"" +
      grid_path(frame) + "\"/>";
  const double mark = chart.marked_x ? frame.across(*chart.marked_x) : -1.0;
  const bool marked = mark >= 0.0 && mark <= 100.0;  // false for NaN
  if (marked) {
    html += "<path class=\"mark\" d=\"M" + coordinate(10.0 * mark, 1) + " 0V1000\"/>";
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].window > 1) {
      html += "<path class=\"every " + style_class(i) + "\" d=\"" + path_data(lines[i].all, frame) +
              "\"/>";
    }
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool dot = std::count_if(lines[i].drawn.begin(), lines[i].drawn.end(),
                                   [](const Point& p) { return !std::isnan(p.y); }) == 1;
    html += "<path class=\"line " + style_class(i) + (dot ? " dot" : "") + "\" d=\"" +
            path_data(lines[i].drawn, frame) + "\"" + hover_data(lines[i]) + "/>";
  }
  html += "</svg>";
  if (marked && !chart.mark_label.empty()) {
    html += "<span class=\"mark-label" + std::string(mark > 50.0 ? " before" : "") +
            "\" style=\"left:" + coordinate(mark) + "%\">" + escape_html(chart.mark_label) +
            "</span>";
  }
  return html;
}

}  // namespace

std::string line_chart(const ReportChart& chart) {
  std::vector<Line> lines;
  for (const ReportSeries& series : chart.series) {
    lines.push_back(make_line(series));
  }
  std::string html = "<figure class=\"chart\"><figcaption><h3>" + escape_html(chart.title) +
                     "</h3><span class=\"unit\">" + escape_html(chart.y_label) +
                     "</span></figcaption>\n";
  const bool anything = std::any_of(
      lines.begin(), lines.end(), [](const Line& line) { return !std::isnan(last_finite(line)); });
  if (!anything) {
    return html + "<p class=\"empty\">No finite values were recorded.</p></figure>\n";
  }
  const Frame frame = make_frame(chart, lines);
  html += "<ul class=\"key\">";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    html += "<li class=\"" + style_class(i) +
            "\"><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\">"
            "<path class=\"line " +
            style_class(i) + "\" d=\"M1 4H23\"/></svg>" + escape_html(lines[i].name) + "</li>";
  }
  html += "</ul>\n<div class=\"frame\" style=\"--gutter:" + std::to_string(widest_label(frame.y)) +
          "ch\"><div class=\"y-ticks\" aria-hidden=\"true\">" + tick_labels(frame.y, true) +
          "</div><div class=\"plot\" role=\"img\" tabindex=\"0\" aria-label=\"" +
          described(chart, lines) + "\" data-low=\"" + coordinate(frame.x.low, 6) +
          "\" data-high=\"" + coordinate(frame.x.high, 6) + "\" data-across=\"" +
          escape_html(chart.x_label) + "\" data-unit=\"" +
          (chart.unit == ReportUnit::fraction ? "fraction" : "number") + "\">" +
          plot_area(chart, lines, frame) + "</div>" + end_labels(chart, lines, frame) +
          "<div class=\"x-ticks\" aria-hidden=\"true\">" + tick_labels(frame.x, false) +
          "</div><div class=\"x-label\" aria-hidden=\"true\">" + escape_html(chart.x_label) +
          "</div></div>\n";
  return html + notes(lines) + numbers_table(chart, lines) + "</figure>\n";
}

std::string charts_section(const RunReport& report) {
  if (report.charts.empty()) {
    return "";
  }
  std::string body = "<div class=\"charts\">\n";
  for (const ReportChart& chart : report.charts) {
    body += line_chart(chart);
  }
  return section("curves", "How training went", "", body + "</div>\n");
}

}  // namespace heddle::report
