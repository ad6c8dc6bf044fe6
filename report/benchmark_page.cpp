#include <cmath>
#include <map>
#include <tuple>

#include "report/benchmark.h"
#include "report/benchmark_sections.h"
#include "report/page.h"
#include "report/text.h"

namespace heddle::report {
namespace {

/// Geometric mean and worst row against each opponent, in words.
std::string summary(const SettingRows& setting) {
  std::string items;
  for (const Standing& standing : standings(setting)) {
    items += "<li><b>" + escape_html(standing.opponent) + "</b>, " +
             escape_html(standing.opponent_math) + ": ";
    if (standing.measured == 0) {
      items += "not measured</li>\n";
      continue;
    }
    const double worst = *standing.worst->ratio();
    items += "geometric mean <b>" + ratio_text(standing.geometric_mean) + "</b> of " +
             plural(static_cast<std::int64_t>(standing.measured), "row") + ", worst <b" +
             (worst < 1.0 ? " class=\"lost\">✗ " : ">") + ratio_text(worst) + "</b> at " +
             escape_html(case_title(*standing.worst)) + "</li>\n";
  }
  return items.empty() ? "" : "<ul class=\"summary\">\n" + items + "</ul>\n";
}

std::string setting_block(const SettingRows& setting, std::size_t files) {
  const std::string all = summary(setting);
  return "<h3>" + (all.empty() ? "Measured alone" : std::string("Beside its opponents")) +
         " <small>" + setting_title(setting, files) + "</small></h3>\n" + all +
         ratio_bars(setting) + setting_roofline(setting);
}

std::string ladder_block(const LadderRows& ladder, std::size_t files, bool open) {
  return std::string("<details class=\"rungs\"") + (open ? " open" : "") + "><summary><b>" +
         escape_html(ladder.direction + ", " + ladder.dtype) + "</b> <small>" +
         plural(static_cast<std::int64_t>(ladder.cases.size()), "case") +
         (files > 1 ? ", file " + std::to_string(ladder.file + 1) : "") + "</small></summary>\n" +
         ladder_bars(ladder) + ladder_roofline(ladder) + "</details>\n";
}

std::string family_section(const Family& family, std::size_t number, std::size_t files) {
  std::string body;
  for (const SettingRows& setting : family.settings) {
    body += setting_block(setting, files);
  }
  if (!family.ladders.empty()) {
    body += "<h3>Ladder <small>time of each version, naive to best</small></h3>\n";
    for (std::size_t i = 0; i < family.ladders.size(); ++i) {
      body += ladder_block(family.ladders[i], files,
                           i == 0 || family.ladders[i].file != family.ladders[i - 1].file);
    }
  }
  return section("family-" + std::to_string(number), escape_html(family.name), "", body);
}

}  // namespace

std::string absent_section(const std::vector<BenchmarkFile>& files,
                           const std::vector<Family>& families) {
  // Cases by family, opponent, setting and reason: one reason often holds for all of them.
  std::map<std::tuple<std::size_t, std::string, std::string, std::string>, std::vector<std::string>>
      groups;
  for (std::size_t i = 0; i < families.size(); ++i) {
    for (const SettingRows& setting : families[i].settings) {
      for (const CaseRows& rows : setting.cases) {
        for (const BenchmarkRow* row : rows) {
          if (row->ours && (row->theirs || row->opponent.empty())) {
            continue;
          }
          const std::string who = row->ours ? row->opponent : "ours";
          const std::string why = row->note.empty() ? "no reason was written" : row->note;
          groups[{i, who, setting_title(setting, files.size()), why}].push_back(case_title(*row));
        }
      }
    }
  }
  std::string items;
  for (const auto& [group, cases] : groups) {
    const auto& [family, who, setting, why] = group;
    items += "<li><b>" + escape_html(families[family].name) + ", " + escape_html(who) +
             "</b> <small>" + setting + "</small><p>" + escape_html(why) + "</p><small>";
    for (std::size_t i = 0; i < cases.size(); ++i) {
      items += (i == 0 ? "" : "; ") + escape_html(cases[i]);
    }
    items += "</small></li>\n";
  }
  return items.empty()
             ? ""
             : section("absent", "Not measured", "What could not run, and the reason it gave.",
                       "<ul class=\"absent\">\n" + items + "</ul>\n");
}

std::string setting_title(const SettingRows& setting, std::size_t files) {
  return plural(setting.threads, "thread") + ", ours " + escape_html(setting.math) +
         (files > 1 ? ", file " + std::to_string(setting.file + 1) : "");
}

std::string milliseconds(double value) {
  return value >= 1.0 || !std::isfinite(value) ? format_number(value, 3) + " ms"
         : value >= 1e-4                       ? format_number(1e3 * value, 3) + " µs"
                                               : format_number(1e6 * value, 3) + " ns";
}

std::string ratio_text(double ratio) {
  if (ratio < 0.01 || ratio >= 1e5) {
    return format_number(ratio, 3);
  }
  return format_fixed(ratio, ratio < 1.0 ? 3 : ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0);
}

std::string letter(std::size_t index) {
  std::string name;
  for (std::size_t rest = index + 1; rest > 0; rest = (rest - 1) / 26) {
    name.insert(name.begin(), static_cast<char>('a' + (rest - 1) % 26));
  }
  return name;
}

std::string error_text(const std::optional<double>& error) {
  return error ? format_number(*error, 3) : "not compared";
}

}  // namespace heddle::report

namespace heddle {

std::string benchmark_html(const std::vector<BenchmarkFile>& files) {
  using namespace report;
  const std::vector<Family> families = families_of(files);
  const std::string overall = overall_section(files, families);
  const std::string absent = absent_section(files, families);
  std::string links = overall.empty() ? "" : "<li><a href=\"#overall\">Overall</a></li>";
  std::string sections;
  for (std::size_t i = 0; i < families.size(); ++i) {
    links += "<li><a href=\"#family-" + std::to_string(i + 1) + "\">" +
             escape_html(families[i].name) + "</a></li>";
    sections += family_section(families[i], i + 1, files.size());
  }
  links += absent.empty() ? "" : "<li><a href=\"#absent\">Not measured</a></li>";
  return html_page("Benchmarks · Heddle", benchmark_style(),
                   benchmark_header(files) + "<nav aria-label=\"Sections\"><ul>" + links +
                       "</ul></nav>\n<main>\n" + overall + sections + absent + "</main>\n",
                   "");
}

}  // namespace heddle
