#include <algorithm>
#include <string>
#include <vector>

#include "report/text.h"
#include "train/report_sections.h"

namespace heddle::report {
namespace {

std::string share(std::int64_t part, std::int64_t whole, std::size_t classes) {
  return whole > 0 ? format_percent(static_cast<double>(part) / static_cast<double>(whole),
                                    classes > 5 ? 0 : 1)
                   : "—";
}

std::string matrix(const ReportConfusion& confusion) {
  const std::size_t classes = confusion.classes.size();
  std::vector<std::int64_t> row_sums(classes, 0);
  std::vector<std::int64_t> column_sums(classes, 0);
  std::int64_t total = 0;
  std::int64_t right = 0;
  for (std::size_t truth = 0; truth < classes; ++truth) {
    for (std::size_t predicted = 0; predicted < classes; ++predicted) {
      const std::int64_t count = confusion.counts[truth][predicted];
      row_sums[truth] += count;
      column_sums[predicted] += count;
      total += count;
      right += truth == predicted ? count : 0;
    }
  }
  std::string html = "<div class=\"scroll\"><table class=\"confusion" +
                     std::string(classes > 5 ? " many" : "") + "\">\n<caption>" +
                     escape_html(confusion.split) + ": " + format_count(right) + " of " +
                     format_count(total) +
                     " right</caption>\n<thead><tr><td></td>"
                     "<th scope=\"colgroup\" class=\"axis\" colspan=\"" +
                     std::to_string(classes) +
                     "\">predicted</th><td></td></tr>\n<tr><th scope=\"col\" class=\"axis\">truth"
                     "</th>";
  for (const std::string& name : confusion.classes) {
    html += "<th scope=\"col\">" + escape_html(name) + "</th>";
  }
  html += "<th scope=\"col\" class=\"margin\">recall</th></tr></thead>\n<tbody>\n";
  for (std::size_t truth = 0; truth < classes; ++truth) {
    html += "<tr><th scope=\"row\">" + escape_html(confusion.classes[truth]) + "</th>";
    for (std::size_t predicted = 0; predicted < classes; ++predicted) {
      const std::int64_t count = confusion.counts[truth][predicted];
      const double fraction =
          row_sums[truth] > 0 ? static_cast<double>(count) / static_cast<double>(row_sums[truth])
                              : 0.0;
      html += std::string("<td class=\"") + (truth == predicted ? "hit" : "miss") +
              "\" style=\"--p:" + coordinate(std::clamp(fraction, 0.0, 1.0), 3) + "\"><b>" +
              format_count(count) + "</b><small>" + share(count, row_sums[truth], classes) +
              "</small></td>";
    }
    html += "<td class=\"margin\">" +
            share(confusion.counts[truth][truth], row_sums[truth], classes) + "</td></tr>\n";
  }
  html += "</tbody>\n<tfoot><tr><th scope=\"row\" class=\"margin\">precision</th>";
  for (std::size_t predicted = 0; predicted < classes; ++predicted) {
    html += "<td class=\"margin\">" +
            share(confusion.counts[predicted][predicted], column_sums[predicted], classes) +
            "</td>";
  }
  return html + "<td class=\"margin\"></td></tr></tfoot></table></div>\n";
}

}  // namespace

std::string confusions_section(const RunReport& report) {
  std::string body;
  for (const ReportConfusion& confusion : report.confusions) {
    body += confusion.classes.empty() ? "" : matrix(confusion);
  }
  return body.empty() ? ""
                      : section("confusion", "Where it is right and wrong",
                                "Rows are the truth, columns what the model said; percentages are "
                                "of the row. Framed cells are right.",
                                "<div class=\"matrices\">\n" + body + "</div>\n");
}

}  // namespace heddle::report
