#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/benchmark.h"

namespace heddle::report {

// The rows of all files in the order they are drawn. What differs in machine, commit, threads or
// accuracy class is never averaged: each such setting stands apart. Everything points into the
// files, which must outlive it.

/// The rows of one case: one for each opponent.
using CaseRows = std::vector<const BenchmarkRow*>;

/// What was measured under the same conditions.
struct SettingRows {
  std::size_t file = 0;  // index
  std::int64_t threads = 0;
  std::string math;  // of ours
  BenchmarkRates rates;
  std::vector<CaseRows> cases;
};

/// The versions of one kernel in one case, naive to best.
using CaseVersions = std::vector<const LadderRow*>;

/// A ladder's cases of one direction and element type.
struct LadderRows {
  std::size_t file = 0;
  std::string direction;
  std::string dtype;
  BenchmarkRates rates;
  std::vector<CaseVersions> cases;
};

struct Family {
  std::string name;
  std::vector<SettingRows> settings;
  std::vector<LadderRows> ladders;
};

std::vector<Family> families_of(const std::vector<BenchmarkFile>& files);

/// How ours stands against one opponent, over the cases of one setting.
struct Standing {
  std::string opponent;
  std::string opponent_math;
  std::size_t measured = 0;
  std::size_t absent = 0;               // could not be measured
  std::size_t lost = 0;                 // ratio below 1
  double geometric_mean = 0.0;          // of the ratios; 0 where none was measured
  const BenchmarkRow* worst = nullptr;  // the smallest ratio
};

/// One for each opponent and its accuracy class, in the order of the rows.
std::vector<Standing> standings(const SettingRows& setting);

/// "online (f32)".
std::string version_name(const LadderRow& row);

/// Names of all versions in the order in which they first appear; the charts letter them so.
std::vector<std::string> version_names(const LadderRows& ladder);

/// "rows 8192, cols 64, forward, cold".
std::string case_title(const BenchmarkRow& row);

/// Of `milliseconds`, the fraction that the machine would need at least for the bytes and
/// operations; 0 where its rates are not known.
double fraction_of_roof(const BenchmarkRates& rates, const BenchmarkCase& what,
                        double milliseconds);

}  // namespace heddle::report
