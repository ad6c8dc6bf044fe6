#include <algorithm>
#include <set>

#include "report/benchmark_sections.h"
#include "report/page.h"
#include "report/text.h"

namespace heddle::report {
namespace {

std::string turns_text(const std::vector<BenchmarkFile>& files) {
  std::set<std::int64_t> turns;
  for (const BenchmarkFile& file : files) {
    for (const BenchmarkRow& row : file.rows) {
      turns.insert(row.turns);
    }
  }
  if (turns.empty() || *turns.begin() == 0) {
    return "";
  }
  const std::string most = plural(*turns.rbegin(), "turn");
  return turns.size() == 1 ? ", in " + most
                           : ", in " + format_count(*turns.begin()) + " to " + most;
}

std::string method(const std::vector<BenchmarkFile>& files) {
  const bool compared = std::any_of(files.begin(), files.end(),
                                    [](const BenchmarkFile& file) { return !file.rows.empty(); });
  if (!compared) {
    return "All versions of a kernel take turns on the same device, and a figure is the median of "
           "the turns; whiskers span the fastest and the slowest.";
  }
  return "All contenders of a case take turns on the same machine" + turns_text(files) +
         ", and a figure is the median of the turns; whiskers span the fastest and slowest turns "
         "of "
         "both sides. Before anything is timed, results are compared with a reference in double: "
         "the error shown is the greatest difference, divided by the greatest value of the "
         "reference.";
}

std::string file_facts(const BenchmarkFile& file, std::size_t number, std::size_t files) {
  std::string html = "<dl class=\"facts source\">\n";
  html += definition(
      files > 1 ? "file " + std::to_string(number) : "file",
      escape_html(file.name) + "<small> " +
          (file.ladder.empty()
               ? plural(static_cast<std::int64_t>(file.rows.size()), "row")
               : "ladder, " + plural(static_cast<std::int64_t>(file.ladder.size()), "row")) +
          "</small>");
  html += definition("machine", escape_html(file.machine));
  html += definition("commit", file.commit.empty() ? "not known" : escape_html(file.commit));
  html += definition("date", escape_html(file.date));
  for (const BenchmarkRates& rates : file.rates) {
    html += definition(file.ladder.empty() ? "roof, " + rates.on : "roof, as measured",
                       format_number(rates.copy_gb_per_s, 3) + " GB/s copy, " +
                           format_number(rates.fma_gflop_per_s, 4) + " GFLOP/s multiply-add");
  }
  return html + "</dl>\n";
}

bool on_the_executor(const BenchmarkFile& file) {
  return !file.ladder.empty() && file.machine.starts_with("sim");
}

struct Count {
  std::size_t compared = 0;
  std::size_t lost = 0;
  std::size_t absent = 0;
};

std::string share(const Standing& standing) {
  return format_count(static_cast<std::int64_t>(standing.lost)) + " of " +
         format_count(static_cast<std::int64_t>(standing.measured));
}

std::string overall_row(const std::string& family_cell, const SettingRows& setting,
                        const Standing& standing, std::size_t files) {
  std::string html =
      "<tr><th scope=\"row\">" + family_cell + "</th><td class=\"words\">" +
      escape_html(standing.opponent) + "<small>" + setting_title(setting, files) +
      (standing.opponent_math == setting.math ? ""
                                              : "; theirs " + escape_html(standing.opponent_math)) +
      "</small></td>";
  if (standing.measured == 0) {
    return html + "<td colspan=\"3\" class=\"words\">not measured</td></tr>\n";
  }
  const double worst = *standing.worst->ratio();
  const auto mark = [](bool lost) { return lost ? "<strong class=\"lost\">✗ " : "<b>"; };
  const auto end = [](bool lost) { return lost ? "</strong>" : "</b>"; };
  const bool mean_lost = standing.geometric_mean < 1.0;
  html +=
      "<td data-name=\"geometric mean\">" + std::string(mark(mean_lost)) +
      ratio_text(standing.geometric_mean) + end(mean_lost) +
      "</td><td class=\"words\" data-name=\"worst\">" + mark(worst < 1.0) + ratio_text(worst) +
      end(worst < 1.0) + "<small>" + escape_html(case_title(*standing.worst)) +
      "</small></td><td data-name=\"rows lost\">" +
      (standing.lost > 0 ? "<strong class=\"lost\">✗ " + share(standing) + "</strong>"
                         : share(standing)) +
      (standing.absent > 0 ? "<small>" + format_count(static_cast<std::int64_t>(standing.absent)) +
                                 " not measured</small>"
                           : "") +
      "</td></tr>\n";
  return html;
}

std::string figure(const Count& count) {
  const auto number = [](std::size_t value) {
    return format_count(static_cast<std::int64_t>(value));
  };
  return "<section id=\"result\" class=\"headline\" aria-label=\"Result\">\n<div "
         "class=\"result\"><p class=\"metric\">comparisons that ours loses</p><p "
         "class=\"figure\">" +
         number(count.lost) + " of " + number(count.compared) +
         "</p></div>\n<div class=\"context\"><p class=\"sentence\">A comparison is one case "
         "against "
         "one opponent; the ratio is the opponent’s median time divided by ours, so below 1 ours "
         "is "
         "slower.</p>" +
         (count.absent > 0 ? "<p class=\"under\">" + number(count.absent) +
                                 " more could not be measured: <a href=\"#absent\">why</a>.</p>"
                           : "") +
         "</div></section>\n";
}

}  // namespace

std::string benchmark_header(const std::vector<BenchmarkFile>& files) {
  std::string html =
      "<header>\n<p class=\"brand\">Heddle <span>benchmark report</span></p>\n<h1>Benchmarks</h1>\n"
      "<p class=\"description\">" +
      method(files) + "</p>\n";
  for (std::size_t i = 0; i < files.size(); ++i) {
    html += file_facts(files[i], i + 1, files.size());
  }
  if (std::any_of(files.begin(), files.end(), on_the_executor)) {
    html +=
        "<p class=\"notice\" role=\"note\">A ladder here was run by the backend sim, which runs "
        "CUDA kernels thread by thread on the host: its times say nothing about a GPU.</p>\n";
  }
  return html + "</header>\n";
}

std::string overall_section(const std::vector<BenchmarkFile>& files,
                            const std::vector<Family>& families) {
  Count count;
  std::string rows;
  for (std::size_t i = 0; i < families.size(); ++i) {
    for (const SettingRows& setting : families[i].settings) {
      for (const Standing& standing : standings(setting)) {
        count.compared += standing.measured;
        count.lost += standing.lost;
        count.absent += standing.absent;
        rows += overall_row("<a href=\"#family-" + std::to_string(i + 1) + "\">" +
                                escape_html(families[i].name) + "</a>",
                            setting, standing, files.size());
      }
    }
  }
  if (rows.empty()) {
    return "";
  }
  return figure(count) +
         section("overall", "Every family against every opponent",
                 "Geometric mean and worst of the ratios; ✗ marks what ours loses.",
                 "<table class=\"overall\"><thead><tr><th scope=\"col\">family</th><th "
                 "scope=\"col\">opponent</th><th scope=\"col\">geometric mean</th><th "
                 "scope=\"col\">worst</th><th scope=\"col\">rows lost</th></tr></thead><tbody>\n" +
                     rows + "</tbody></table>\n");
}

}  // namespace heddle::report
