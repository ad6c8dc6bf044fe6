#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "report/text.h"
#include "train/report_sections.h"
#include "train/report_values.h"

namespace heddle::report {
namespace {

// The bar is a box of 100 × 24 stretched over its row, so that x is a percentage.
std::string bar(const ReportSubset& subset) {
  std::string html =
      R"(<svg class="bar" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">)"
      R"(<path class="grid" d="M0 0V24M25 0V24M50 0V24M75 0V24M100 0V24"/>)";
  const auto place = [](double fraction) {
    return coordinate(std::clamp(100.0 * fraction, 0.0, 100.0));
  };
  const bool known = subset.accuracy && std::isfinite(*subset.accuracy);
  if (known) {
    html +=
        "<rect class=\"reached\" y=\"5\" height=\"14\" width=\"" + place(*subset.accuracy) + "\"/>";
  }
  if (subset.best_possible && std::isfinite(*subset.best_possible)) {
    html += "<path class=\"best\" d=\"M" + place(*subset.best_possible) + " 0V24\"/>";
  }
  if (known && subset.standard_error && std::isfinite(*subset.standard_error)) {
    const std::string low = place(*subset.accuracy - *subset.standard_error);
    const std::string high = place(*subset.accuracy + *subset.standard_error);
    html += "<path class=\"whisker\" d=\"M" + low + " 12H" + high + "M" + low + " 8V16M" + high +
            " 8V16\"/>";
  }
  return html + "</svg>";
}

std::string figures(const ReportSubset& subset) {
  std::string html = "<span class=\"value\"><b>";
  if (!subset.accuracy) {
    html += "—";
  } else if (subset.standard_error) {
    html += format_spread({*subset.accuracy, subset.standard_error}, ReportUnit::fraction);
  } else {
    html += format_percent(*subset.accuracy);
  }
  html += "</b>";
  if (subset.best_possible) {
    html += " <small>of " + format_percent(*subset.best_possible) + " possible</small>";
  }
  if (!subset.note.empty()) {
    html += " <small>" + escape_html(subset.note) + "</small>";
  }
  return html + "</span>";
}

std::string row(const ReportSubset& subset) {
  std::string html = "<li><span class=\"names\">";
  if (subset.modalities.empty()) {
    html += "<span class=\"chip none\">none of them</span>";
  }
  for (std::size_t i = 0; i < subset.modalities.size(); ++i) {
    html += (i > 0 ? " <span class=\"plus\">+</span> " : "") + modality_chip(subset.modalities[i]);
  }
  html += "</span>" + bar(subset) + figures(subset);
  return html + "</li>\n";
}

}  // namespace

std::string subsets_section(const RunReport& report) {
  if (report.subsets.empty()) {
    return "";
  }
  std::vector<ReportSubset> subsets = report.subsets;
  std::stable_sort(subsets.begin(), subsets.end(),
                   [](const ReportSubset& a, const ReportSubset& b) {
                     return a.modalities.size() < b.modalities.size();
                   });
  const bool any_best = std::any_of(subsets.begin(), subsets.end(), [](const ReportSubset& subset) {
    return subset.best_possible.has_value();
  });
  const bool any_error =
      std::any_of(subsets.begin(), subsets.end(),
                  [](const ReportSubset& subset) { return subset.standard_error.has_value(); });
  std::string lead =
      "Test accuracy when the model is given only these modalities and the others "
      "are masked.";
  if (any_best) {
    lead += " The thick upright line is the best accuracy that any model could reach with them.";
  }
  if (any_error) {
    lead += " Whiskers are one standard error.";
  }
  std::string body = "<ul class=\"subsets\">\n";
  for (const ReportSubset& subset : subsets) {
    body += row(subset);
  }
  body += "</ul>\n<div class=\"subset-axis\" aria-hidden=\"true\"><div>";
  for (const int percent : {0, 25, 50, 75, 100}) {
    body += "<span style=\"left:" + std::to_string(percent) + "%\">" + std::to_string(percent) +
            (percent == 100 ? " %" : "") + "</span>";
  }
  body += "</div></div>\n";
  return section("modalities", "What each modality contributes", lead, body);
}

}  // namespace heddle::report
