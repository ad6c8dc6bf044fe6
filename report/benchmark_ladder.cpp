#include <algorithm>

#include "report/benchmark_sections.h"
#include "report/text.h"

namespace heddle::report {
namespace {

std::string percent(double fraction) {
  return coordinate(100.0 * std::clamp(fraction, 0.0, 1.0)) + "%";
}

struct Rung {
  const LadderRow& row;
  const LadderRow& first;
  std::string letter;
  double longest = 0.0;  // milliseconds, of the whole bar
  bool is_best = false;
};

std::string outcome(const Rung& rung, const BenchmarkRates& rates) {
  const double speedup = rung.first.time.median / rung.row.time.median;
  const double roof = fraction_of_roof(rates, rung.row.what, rung.row.time.median);
  std::string html = "<b>" + milliseconds(rung.row.time.median) + "</b> " +
                     (&rung.row == &rung.first ? "first" : ratio_text(speedup) + "×") + "<small>";
  html += rung.is_best ? "<strong class=\"best\">★ fastest</strong> " : "";
  html += speedup < 1.0 ? "<strong class=\"lost\">✗ slower than the first</strong> " : "";
  html += roof > 0.0 ? format_percent(roof) + " of the roof" : "";
  return html + "</small>";
}

std::string bar(const Rung& rung, const BenchmarkRates& rates) {
  const LadderRow& row = rung.row;
  const BenchmarkTime& time = row.time;
  std::string html = rung.is_best ? "<li class=\"is-best\">" : "<li>";
  html += "<span class=\"who\"><span class=\"key-number\">" + rung.letter + "</span> " +
          escape_html(row.version) + "<small>" + escape_html(row.math) +
          (row.note.empty() ? "" : "; " + escape_html(row.note)) + "</small></span>";
  html += "<span class=\"track\" aria-hidden=\"true\"><i class=\"time\" style=\"left:0;width:" +
          percent(time.median / rung.longest) +
          "\"></i><i class=\"reach\" style=\"left:" + percent(time.least / rung.longest) +
          ";width:" + percent((time.most - time.least) / rung.longest) + "\"></i></span>";
  return html + "<span class=\"outcome\">" + outcome(rung, rates) + "</span></li>\n";
}

}  // namespace

std::string ladder_bars(const LadderRows& ladder) {
  const std::vector<std::string> names = version_names(ladder);
  std::string html = "<div class=\"contests ladder\">\n";
  for (std::size_t i = 0; i < ladder.cases.size(); ++i) {
    const CaseVersions& versions = ladder.cases[i];
    const LadderRow* best = versions.front();
    double longest = 0.0;
    for (const LadderRow* row : versions) {
      best = row->time.median < best->time.median ? row : best;
      longest = std::max(longest, row->time.most);
    }
    html += "<div class=\"contest\"><h4><span class=\"key-number\">" + std::to_string(i + 1) +
            "</span> " + escape_html(versions.front()->what.name) +
            "</h4>\n<ul class=\"ratios\">\n";
    for (const LadderRow* row : versions) {
      const auto place = std::find(names.begin(), names.end(), version_name(*row));
      const std::string key = letter(static_cast<std::size_t>(place - names.begin()));
      const bool is_best = row == best && versions.size() > 1;
      html += bar({*row, *versions.front(), key, longest, is_best}, ladder.rates);
    }
    html += "</ul></div>\n";
  }
  return html + "</div>\n";
}

}  // namespace heddle::report
