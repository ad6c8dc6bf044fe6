#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

// What the benchmark programs and the ladder wrote (bench/rows.h, bench/gpu/ladder.cpp), read back,
// and the page drawn from it.

/// Milliseconds of one call: median of the turns, the fastest and the slowest of them.
struct BenchmarkTime {
  double median = 0.0;
  double least = 0.0;
  double most = 0.0;
};

/// What a machine can do, measured in the same run. 0: not measured.
struct BenchmarkRates {
  std::string on;            // "cpu, 2 threads"
  std::int64_t threads = 0;  // of the host; 0 for a ladder
  double copy_gb_per_s = 0.0;
  double fma_gflop_per_s = 0.0;
};

/// What is measured, and the least it takes whoever does it.
struct BenchmarkCase {
  std::string family;
  std::string name;       // "rows 8192, cols 64"
  std::string direction;  // "forward"
  double bytes = 0.0;
  double operations = 0.0;
};

/// Ours beside one opponent (none where `opponent` is empty).
struct BenchmarkRow {
  BenchmarkCase what;
  bool cold = false;
  std::int64_t threads = 0;
  std::int64_t turns = 0;  // 0: not recorded
  std::string math;        // accuracy class of ours
  std::optional<BenchmarkTime> ours;
  std::optional<double> error;  // greatest, of the greatest value of the reference
  std::string opponent;
  std::string opponent_math;
  std::optional<BenchmarkTime> theirs;
  std::optional<double> opponent_error;
  std::string note;  // where a time is missing: why
  /// Their time divided by ours; none where a time is missing.
  std::optional<double> ratio() const;
};

/// One version of a kernel in one case.
struct LadderRow {
  BenchmarkCase what;
  std::string dtype;
  std::string version;
  std::string math;
  BenchmarkTime time;
  std::string note;
};

/// One file: rows or a ladder, never both.
struct BenchmarkFile {
  std::string name;
  std::string machine;
  std::string commit;
  std::string date;
  std::vector<BenchmarkRates> rates;
  std::vector<BenchmarkRow> rows;
  std::vector<LadderRow> ladder;  // versions of a case from naive to best
};

/// Errors (InputError, naming the file): it cannot be read, is larger than 64 MiB, or as below.
BenchmarkFile read_benchmark_file(const std::string& path);

/// Errors (InputError, naming the file and the row): no JSON, nested deeper than 8, no rows or more
/// than 20,000, rows of another shape, a field that is missing or of another type, a negative
/// number, a ratio that is not that of the times.
BenchmarkFile parse_benchmark_file(const std::string& name, std::string_view text);

/// The whole page, one HTML file without scripts that needs no network. The same files give the
/// same bytes.
std::string benchmark_html(const std::vector<BenchmarkFile>& files);

}  // namespace heddle
