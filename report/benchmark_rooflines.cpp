#include <algorithm>

#include "report/benchmark_sections.h"
#include "report/roofline.h"
#include "report/text.h"

namespace heddle::report {
namespace {

bool any_lost(const CaseRows& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const BenchmarkRow* row) {
    const std::optional<double> ratio = row->ratio();
    return ratio && *ratio < 1.0;
  });
}

std::string mark_key(const char* style, const char* shape, const char* words) {
  std::string html = "<li><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\">";
  return html.append("<path class=\"")
      .append(style)
      .append("\" d=\"")
      .append(shape)
      .append("\"/>")
      .append("</svg>")
      .append(words)
      .append("</li>");
}

constexpr const char* circle = "M2 6a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z";

}  // namespace

std::string setting_roofline(const SettingRows& setting) {
  std::vector<RoofPoint> points;
  for (std::size_t i = 0; i < setting.cases.size(); ++i) {
    const BenchmarkRow& row = *setting.cases[i].front();
    if (row.ours) {
      points.push_back(roof_point(setting.rates, row.what, row.ours->median, std::to_string(i + 1),
                                  case_title(row),
                                  any_lost(setting.cases[i]) ? RoofMark::lost : RoofMark::plain));
    }
  }
  const std::string key =
      "<ul class=\"roof-key\">" +
      mark_key("mark-plain", circle, "ours, numbered as the cases above") +
      mark_key("mark-lost", "M1.8 1.8l8.4 8.4m0 -8.4l-8.4 8.4", "ours, slower than some opponent") +
      "</ul>\n";
  return roofline("Roofline", setting.rates, points, key);
}

std::string ladder_roofline(const LadderRows& ladder) {
  const std::vector<std::string> names = version_names(ladder);
  std::vector<RoofPoint> points;
  for (std::size_t i = 0; i < ladder.cases.size(); ++i) {
    const CaseVersions& versions = ladder.cases[i];
    const auto best = std::min_element(
        versions.begin(), versions.end(),
        [](const LadderRow* a, const LadderRow* b) { return a->time.median < b->time.median; });
    for (const LadderRow* row : versions) {
      const std::string name = version_name(*row);
      const auto index =
          static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
      const RoofMark mark = row == *best              ? RoofMark::best
                            : row == versions.front() ? RoofMark::first
                                                      : RoofMark::plain;
      points.push_back(roof_point(ladder.rates, row->what, row->time.median,
                                  std::to_string(i + 1) + letter(index),
                                  row->what.name + ", " + name, mark));
    }
  }
  std::string key = "<ul class=\"roof-key\">" + mark_key("mark-first", circle, "first version") +
                    mark_key("mark-plain", circle, "between") +
                    mark_key("mark-best", "M1.5 1.5h9v9h-9z", "fastest version") +
                    "</ul>\n<ul class=\"roof-key\">";
  for (std::size_t i = 0; i < names.size(); ++i) {
    key += "<li><b>" + letter(i) + "</b>" + escape_html(names[i]) + "</li>";
  }
  return roofline("Roofline, " + escape_html(ladder.direction + ", " + ladder.dtype), ladder.rates,
                  points, key + "</ul>\n");
}

}  // namespace heddle::report
