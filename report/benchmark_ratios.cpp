#include <algorithm>
#include <cmath>
#include <limits>

#include "report/benchmark_sections.h"
#include "report/log_axis.h"
#include "report/text.h"

namespace heddle::report {
namespace {

// A whisker may stretch the axis beyond the ratios by this factor; one that goes on is cut.
constexpr double stretch = 3.0;

/// The ratio if both were at their worst for us, and at their best.
struct Spread {
  double low = 0.0;
  double high = 0.0;
};

Spread spread_of(const BenchmarkRow& row) {
  return {row.theirs->least / row.ours->most, row.theirs->most / row.ours->least};
}

LogAxis axis_of(const SettingRows& setting) {
  double low = 0.5;
  double high = 2.0;
  for (const CaseRows& rows : setting.cases) {
    for (const BenchmarkRow* row : rows) {
      if (const std::optional<double> ratio = row->ratio()) {
        low = std::min(low, *ratio / 1.1);
        high = std::max(high, *ratio * 1.1);
      }
    }
  }
  Spread reach{low, high};
  for (const CaseRows& rows : setting.cases) {
    for (const BenchmarkRow* row : rows) {
      if (row->ratio()) {
        reach.low = std::min(reach.low, spread_of(*row).low);
        reach.high = std::max(reach.high, spread_of(*row).high);
      }
    }
  }
  return log_axis(std::max(reach.low, low / stretch), std::min(reach.high, high * stretch), 9);
}

std::string percent(double place) { return coordinate(100.0 * place) + "%"; }

std::string span_style(double from, double to) {
  return " style=\"left:" + percent(from) + ";width:" + percent(to - from) + "\"";
}

// The marks of an axis behind a bar; the one at 1 is the line that matters.
std::string grid(const LogAxis& axis) {
  std::string html;
  for (const double value : axis.at) {
    html += "<i class=\"tick\" style=\"left:" + percent(axis.place(value)) + "\"></i>";
  }
  return html + "<i class=\"even\" style=\"left:" + percent(axis.place(1.0)) + "\"></i>";
}

std::string axis_labels(const LogAxis& axis) {
  std::string html =
      "<div class=\"ratio-axis\" aria-hidden=\"true\"><span class=\"sides\"><b>✗ slower</b>"
      "<b>faster</b></span><div>";
  for (std::size_t i = 0; i < axis.at.size(); ++i) {
    const double place = axis.place(axis.at[i]);
    const char* const side = place < 0.05   ? " class=\"first\""
                             : place > 0.95 ? " class=\"last\""
                                            : "";
    html += "<span" + std::string(side) + " style=\"left:" + percent(place) + "\">" +
            axis.labels[i] + "</span>";
  }
  return html + "</div></div>\n";
}

std::string track(const BenchmarkRow& row, double ratio, const LogAxis& axis) {
  const double even = axis.place(1.0);
  const double place = axis.place(ratio);
  const Spread spread = spread_of(row);
  const double low = axis.place(spread.low);
  const double high = axis.place(spread.high);
  const std::string cut = std::string(spread.low < axis.low ? " cut-low" : "") +
                          (spread.high > axis.high ? " cut-high" : "");
  return "<span class=\"track\" aria-hidden=\"true\">" + grid(axis) + "<i class=\"" +
         (ratio < 1.0 ? "loss" : "gain") + "\"" +
         span_style(std::min(even, place), std::max(even, place)) + "></i><i class=\"reach" + cut +
         "\"" + span_style(low, high) + "></i></span>";
}

std::string outcome(const BenchmarkRow& row, double ratio) {
  const Spread spread = spread_of(row);
  const std::string within =
      spread.low < 1.0 && spread.high > 1.0 ? "<small>spread includes 1</small>" : "";
  return "<span class=\"outcome\"><b>" + ratio_text(ratio) + "</b> " +
         (ratio < 1.0 ? "<strong class=\"lost\">✗ slower</strong>" : "<span>faster</span>") +
         within + "</span>";
}

std::string bar(const BenchmarkRow& row, const LogAxis& axis) {
  const std::optional<double> ratio = row.ratio();
  std::string html = "<li class=\"" +
                     std::string(!ratio         ? "not-measured"
                                 : *ratio < 1.0 ? "is-lost"
                                                : "is-won") +
                     "\"><span class=\"who\">" + escape_html(row.opponent);
  if (!ratio) {
    return html + "</span><span class=\"reason\">not measured: " +
           escape_html(row.note.empty() ? "no reason was written" : row.note) + "</span></li>\n";
  }
  html += "<small>" + milliseconds(row.theirs->median) + ", " + escape_html(row.opponent_math) +
          ", error " + error_text(row.opponent_error) + "</small>";
  if (row.opponent_math != row.math) {
    html += "<em>another accuracy class than ours</em>";
  }
  html += "</span>" + track(row, *ratio, axis) + outcome(row, *ratio) + "</li>\n";
  return html;
}

std::string ours_line(const BenchmarkRow& row, const BenchmarkRates& rates) {
  if (!row.ours) {
    return "ours was not measured";
  }
  std::string text = "ours " + milliseconds(row.ours->median) + " <span>(" +
                     milliseconds(row.ours->least) + " to " + milliseconds(row.ours->most) +
                     ")</span>, " + escape_html(row.math) + ", error " + error_text(row.error);
  const double roof = fraction_of_roof(rates, row.what, row.ours->median);
  if (roof > 0.0) {
    text += ", " + format_percent(roof, 0) + " of the roof";
  }
  if (!row.note.empty() && row.theirs) {
    text += "; " + escape_html(row.note);
  }
  return text;
}

}  // namespace

std::string ratio_bars(const SettingRows& setting) {
  const LogAxis axis = axis_of(setting);
  const bool any =
      std::any_of(setting.cases.begin(), setting.cases.end(), [](const CaseRows& rows) {
        return std::any_of(rows.begin(), rows.end(),
                           [](const BenchmarkRow* row) { return row->ratio().has_value(); });
      });
  std::string html = "<div class=\"contests\">\n" + (any ? axis_labels(axis) : "");
  for (std::size_t i = 0; i < setting.cases.size(); ++i) {
    const CaseRows& rows = setting.cases[i];
    html += "<div class=\"contest\"><h4><span class=\"key-number\">" + std::to_string(i + 1) +
            "</span> " + escape_html(case_title(*rows.front())) + "</h4><p class=\"ours\">" +
            ours_line(*rows.front(), setting.rates) + "</p>\n";
    std::string bars;
    for (const BenchmarkRow* row : rows) {
      bars += row->opponent.empty() ? "" : bar(*row, axis);
    }
    html += bars.empty() ? "" : "<ul class=\"ratios\">\n" + bars + "</ul>";
    html += "</div>\n";
  }
  return html + (any && setting.cases.size() > 3 ? axis_labels(axis) : "") + "</div>\n";
}

}  // namespace heddle::report
