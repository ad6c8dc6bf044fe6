#include <cmath>
#include <string>
#include <vector>

#include "report/text.h"
#include "train/report_sections.h"
#include "train/report_values.h"

namespace heddle::report {
namespace {

std::string metrics_table(const ReportMetrics& metrics) {
  std::string html = "<div class=\"scroll\"><table class=\"metrics\"><thead><tr><th></th>";
  for (const std::string& column : metrics.columns) {
    html += "<th scope=\"col\">" + escape_html(column) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const ReportMetric& metric : metrics.rows) {
    html += "<tr><th scope=\"row\">" + escape_html(metric.name);
    if (metric.lower_is_better) {
      html += " <small>lower is better</small>";
    }
    if (!metric.explanation.empty()) {
      html += "<small class=\"explanation\">" + escape_html(metric.explanation) + "</small>";
    }
    html += "</th>";
    for (const auto& value : metric.values) {
      html += "<td>" + (value ? format_spread(*value, metric.unit) : "—") + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

struct Spread {
  double mean = 0.0;
  double deviation = 0.0;  // NaN for one seed
};

Spread spread_of(const ReportSeeds& seeds, std::size_t metric) {
  const auto count = static_cast<double>(seeds.values.size());
  Spread spread;
  for (const auto& row : seeds.values) {
    spread.mean += row[metric] / count;
  }
  double squares = 0.0;
  for (const auto& row : seeds.values) {
    squares += (row[metric] - spread.mean) * (row[metric] - spread.mean);
  }
  spread.deviation = std::sqrt(squares / (count - 1.0));
  return spread;
}

std::string seeds_table(const ReportSeeds& seeds) {
  std::string html = "<h3>Every seed</h3>\n<p class=\"lead\">The same training from " +
                     plural(static_cast<std::int64_t>(seeds.seeds.size()), "random start") + "; " +
                     escape_html(seeds.split) +
                     " split.</p>\n<div class=\"scroll\"><table class=\"seeds\"><thead><tr>"
                     "<th scope=\"col\">seed</th>";
  for (const std::string& metric : seeds.metrics) {
    html += "<th scope=\"col\">" + escape_html(metric) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (std::size_t i = 0; i < seeds.seeds.size(); ++i) {
    html += "<tr><th scope=\"row\">" + std::to_string(seeds.seeds[i]) + "</th>";
    for (std::size_t j = 0; j < seeds.metrics.size(); ++j) {
      html += "<td>" + format_value(seeds.values[i][j], seeds.units[j]) + "</td>";
    }
    html += "</tr>\n";
  }
  html += "</tbody><tfoot><tr><th scope=\"row\">mean ± deviation</th>";
  for (std::size_t j = 0; j < seeds.metrics.size(); ++j) {
    const Spread spread = spread_of(seeds, j);
    ReportValue value{spread.mean, std::nullopt};
    if (seeds.seeds.size() > 1) {
      value.deviation = spread.deviation;
    }
    html += "<td>" + format_spread(value, seeds.units[j]) + "</td>";
  }
  return html + "</tr></tfoot></table></div>\n";
}

std::string best_epoch_note(const ReportBestEpoch& best) {
  std::string html =
      "<aside class=\"caution\" aria-labelledby=\"best-epoch-heading\">\n<h3 "
      "id=\"best-epoch-heading\">Not the result: <code>test_best_epoch</code></h3>\n"
      "<p class=\"figure\">" +
      format_spread(best.value, best.unit) + " <small>" + escape_html(best.metric) +
      "</small></p>\n<p>This is what one gets by measuring on the test set after every epoch and "
      "keeping the best of those figures. The test labels then choose the model that they are "
      "meant "
      "to judge, so the figure is too high: on new data nobody can choose that way.";
  if (best.honest) {
    html += " Chosen on validation data, the same training reaches <b>" +
            format_spread(*best.honest, best.unit) + "</b>; that is the result.";
  }
  html +=
      " It is printed because some published figures were made like this and can only be "
      "compared with it.</p>\n";
  if (!best.published.empty()) {
    html += "<p>Published: " + escape_html(best.published) + "</p>\n";
  }
  return html + "</aside>\n";
}

}  // namespace

std::string metrics_section(const RunReport& report) {
  std::string body;
  if (!report.metrics.rows.empty()) {
    body += metrics_table(report.metrics);
  }
  if (!report.seeds.seeds.empty() && !report.seeds.metrics.empty()) {
    body += seeds_table(report.seeds);
  }
  if (report.best_epoch) {
    body += best_epoch_note(*report.best_epoch);
  }
  return body.empty() ? "" : section("metrics", "Metrics", "", body);
}

}  // namespace heddle::report
