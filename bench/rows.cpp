#include "bench/rows.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <tuple>

#include "core/build_info.h"
#include "core/error.h"

namespace heddle::bench {
namespace {

using nlohmann::json;

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[16];
  std::strftime(text, sizeof(text), "%Y-%m-%d", &utc);
  return text;
}

void print_line(const Measured& one, double ours, double peak) {
  if (!one.absent.empty()) {
    std::printf("    %-28s %s\n", one.name.c_str(), one.absent.c_str());
    return;
  }
  std::printf("    %-28s %-6s %10.4f ms  [%.4f to %.4f]  %5.1f %% of peak", one.name.c_str(),
              one.math.c_str(), one.median * 1e3, one.least * 1e3, one.most * 1e3, peak);
  if (one.error >= 0) {
    std::printf("  error %.1e", one.error);
  }
  if (ours > 0) {
    std::printf("  ratio %.2f", one.median / ours);
  }
  std::printf("%s%s\n", one.note.empty() ? "" : "  ", one.note.c_str());
}

}  // namespace

void add_rows(const Case& what, const Setting& setting, const std::vector<Measured>& measured,
              const Rates& rates, json& rows) {
  std::printf("  %s, %s%s, %d %s\n", what.name.c_str(), what.direction.c_str(),
              what.cold ? ", cold" : "", setting.threads,
              setting.threads == 1 ? "thread" : "threads");
  constexpr double too_busy = 0.06;
  if (measured.front().others_cores > too_busy) {
    std::printf("    other programs kept %.2f cores busy: do not trust this case\n",
                measured.front().others_cores);
  }
  const Measured& ours = measured.front();
  const double peak = percent_of_peak(rates, what.bytes, what.operations, ours.median);
  json base = {{"family", std::string(family)},
               {"case", what.name},
               {"direction", what.direction},
               {"math", ours.math},
               {"threads", setting.threads},
               {"cold", what.cold},
               {"turns", ours.turns},
               {"ours_ms", ours.median * 1e3},
               {"ours_least_ms", ours.least * 1e3},
               {"ours_most_ms", ours.most * 1e3},
               {"opponent", nullptr},
               {"opponent_math", nullptr},
               {"opponent_ms", nullptr},
               {"ratio", nullptr},
               {"max_error", ours.error >= 0 ? json(ours.error) : json(nullptr)},
               {"percent_of_peak", peak},
               {"bytes", what.bytes},
               {"operations", what.operations},
               {"others_cores", ours.others_cores}};
  if (!ours.note.empty()) {
    base["note"] = ours.note;
  }
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const Measured& one = measured[i];
    print_line(one, i == 0 ? 0 : ours.median,
               percent_of_peak(rates, what.bytes, what.operations, one.median));
    if (i == 0) {
      continue;
    }
    json row = base;
    row["opponent"] = one.name;
    row["opponent_math"] = one.math;
    if (one.absent.empty()) {
      row["opponent_ms"] = one.median * 1e3;
      row["opponent_least_ms"] = one.least * 1e3;
      row["opponent_most_ms"] = one.most * 1e3;
      row["ratio"] = one.median / ours.median;
      if (one.error >= 0) {
        row["opponent_max_error"] = one.error;
      }
    } else {
      row["note"] = one.absent;
    }
    rows.push_back(std::move(row));
  }
  if (measured.size() == 1) {
    rows.push_back(std::move(base));
  }
  std::fflush(stdout);
}

void print_summary(const json& rows) {
  struct Sum {
    double logarithms = 0;
    int count = 0;
    double worst = 0;
    std::string worst_case;
  };
  // Who, in which accuracy class, ours in which, threads: never averaged together.
  std::map<std::tuple<std::string, std::string, std::string, int>, Sum> sums;
  for (const json& row : rows) {
    if (!row.at("ratio").is_number()) {
      continue;
    }
    const double ratio = row.at("ratio");
    Sum& sum =
        sums[{row.at("opponent"), row.at("opponent_math"), row.at("math"), row.at("threads")}];
    sum.logarithms += std::log(ratio);
    if (sum.count == 0 || ratio < sum.worst) {
      sum.worst = ratio;
      sum.worst_case = heddle::concat(row.at("case").get<std::string>(), ", ",
                                      row.at("direction").get<std::string>(),
                                      row.at("cold").get<bool>() ? ", cold" : "");
    }
    ++sum.count;
  }
  for (const auto& [who, sum] : sums) {
    const auto& [name, their_math, our_math, threads] = who;
    std::printf(
        "  %s (%s; ours %s), %d threads: %.2f times as fast (geometric mean of %d); worst "
        "%.2f: %s\n",
        name.c_str(), their_math.c_str(), our_math.c_str(), threads,
        std::exp(sum.logarithms / sum.count), sum.count, sum.worst, sum.worst_case.c_str());
  }
}

void write_rows(const std::string& path, const Setting& setting, const json& rates,
                const json& rows) {
  json report = {{"machine", machine_name(setting.device)},
                 {"commit", build_info().commit},
                 {"date", today()},
                 {"rates", rates},
                 {"rows", json::array()}};
  if (std::ifstream before(path); before) {
    const json old = json::parse(before, nullptr, false);
    check<InputError>(old.is_object() && old.contains("rows"), path,
                      ": is there already and is no file of benchmark rows; name another, or "
                      "remove it");
    if (old.value("machine", "") == report["machine"] &&
        old.value("commit", "") == report["commit"]) {
      for (const json& row : old["rows"]) {
        if (row.value("family", "") != family) {
          report["rows"].push_back(row);
        }
      }
      json& all_rates = report["rates"];
      for (const auto& [name, value] : old["rates"].items()) {
        if (!all_rates.contains(name)) {
          all_rates[name] = value;
          continue;
        }
        for (const auto& [rate, number] : value.items()) {
          json& now = all_rates[name][rate];
          if (now.is_number() && number.is_number()) {
            now = std::max(now.get<double>(), number.get<double>());
          }
        }
      }
    }
  }
  for (const json& row : rows) {
    report["rows"].push_back(row);
  }
  std::ofstream file(path, std::ios::binary);
  file << report.dump(1) << '\n';
  check<InputError>(static_cast<bool>(file.flush()), path, ": could not be written");
}

}  // namespace heddle::bench
