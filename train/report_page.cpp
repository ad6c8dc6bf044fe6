#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "report/page.h"
#include "report/text.h"
#include "train/report.h"
#include "train/report_sections.h"

namespace heddle::report {
namespace {

void check_lengths(const RunReport& report) {
  for (const ReportChart& chart : report.charts) {
    for (const ReportSeries& series : chart.series) {
      check(series.x.size() == series.y.size(), "report: series ", series.name, " of chart ",
            chart.title, " has ", series.x.size(), " x and ", series.y.size(), " y");
    }
  }
  for (const ReportConfusion& confusion : report.confusions) {
    const std::size_t classes = confusion.classes.size();
    check(confusion.counts.size() == classes, "report: a confusion matrix of ", classes,
          " classes has ", confusion.counts.size(), " rows");
    for (const auto& row : confusion.counts) {
      check(row.size() == classes, "report: a row of a confusion matrix has ", row.size(),
            " counts; expected ", classes);
    }
  }
  for (const ReportScatter& scatter : report.scatters) {
    check(scatter.truth.size() == scatter.predicted.size(), "report: a scatter has ",
          scatter.truth.size(), " true and ", scatter.predicted.size(), " predicted numbers");
  }
  for (const ReportMetric& metric : report.metrics.rows) {
    check(metric.values.size() == report.metrics.columns.size(), "report: metric ", metric.name,
          " has ", metric.values.size(), " values; expected ", report.metrics.columns.size());
  }
  const ReportSeeds& seeds = report.seeds;
  check(seeds.units.size() == seeds.metrics.size() && seeds.values.size() == seeds.seeds.size(),
        "report: ", seeds.seeds.size(), " seeds with ", seeds.values.size(), " rows, ",
        seeds.metrics.size(), " metrics with ", seeds.units.size(), " units");
  for (const auto& row : seeds.values) {
    check(row.size() == seeds.metrics.size(), "report: a seed has ", row.size(),
          " values; expected ", seeds.metrics.size());
  }
}

// A short table and one small matrix fit side by side on a desk.
bool metrics_beside_confusion(const RunReport& report) {
  return !report.metrics.rows.empty() && report.metrics.columns.size() <= 3 &&
         report.seeds.seeds.empty() && !report.best_epoch && report.confusions.size() == 1 &&
         !report.confusions.front().classes.empty() &&
         report.confusions.front().classes.size() <= 3;
}

std::string page(const RunReport& report) {
  check_lengths(report);
  struct Part {
    std::string_view anchor;
    std::string_view link;
    std::string html;
  };
  std::vector<Part> parts;
  parts.push_back({"modalities", "Modalities", subsets_section(report)});
  parts.push_back({"curves", "Training", charts_section(report)});
  parts.push_back({"metrics", "Metrics", metrics_section(report)});
  parts.push_back({"confusion", "Confusion", confusions_section(report)});
  parts.push_back({"scatter", "Scatter", scatters_section(report)});
  parts.push_back({"samples", "Samples", samples_section(report)});
  parts.push_back({"videos", "Videos", videos_section(report)});
  parts.push_back({"run", "Run", run_section(report)});
  const bool paired = metrics_beside_confusion(report);
  std::string links;
  std::string body;
  for (const Part& part : parts) {
    if (part.html.empty()) {
      continue;
    }
    links.append("<li><a href=\"#").append(part.anchor).append("\">");
    links.append(part.link).append("</a></li>");
    body += paired && part.anchor == "metrics" ? "<div class=\"pair\">\n" : "";
    body += part.html;
    body += paired && part.anchor == "confusion" ? "</div>\n" : "";
  }
  std::string inside = page_header(report);
  if (!links.empty()) {
    inside += "<nav aria-label=\"Sections\"><ul>" + links + "</ul></nav>\n";
  }
  inside += "<main>\n" + result_section(report) + body + "</main>\n";
  return html_page((report.title.empty() ? "Run" : report.title) + " · Heddle run report",
                   page_style(), inside, page_script());
}

}  // namespace
}  // namespace heddle::report

namespace heddle {

std::string report_html(const RunReport& run) { return report::page(run); }

}  // namespace heddle
