#include "tests/report/benchmark_samples.h"

#include "core/error.h"

namespace heddle {

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  check(at != std::string::npos, "the sample has no ", from);
  return text.replace(at, from.size(), to);
}

std::string rows_json(const std::string& more) {
  return R"({"machine": "EPYC", "commit": "abc123", "date": "2026-11-28",
 "rates": {"cpu, 2 threads": {"copy_gb_per_s": 20, "f32_fma_gflop_per_s": 100}},
 "rows": [{)" +
         more + R"("family": "softmax", "case": "rows 8", "direction": "forward", "math": "f32",
   "threads": 2, "cold": true, "ours_ms": 2, "ours_least_ms": 1.5, "ours_most_ms": 2.5,
   "opponent": "PyTorch", "opponent_math": "f32", "opponent_ms": 4, "opponent_least_ms": 3,
   "opponent_most_ms": 5, "ratio": 2, "max_error": 1e-7, "percent_of_peak": 10,
   "bytes": 1000, "operations": 500, "note": ""}]})";
}

std::string ladder_json() {
  const auto row = [](const std::string& version, const std::string& ms) {
    return R"({"family": "softmax", "case": "rows 8", "direction": "forward", "dtype": "f32",
      "version": ")" +
           version + R"(", "math": "f32", "ms": )" + ms +
           R"(, "bytes": 1000, "operations": 500, "percent_of_copy": 1, "percent_of_f32_fma": 1})";
  };
  return R"({"machine": "sim", "commit": "abc123", "date": "2026-11-28",
 "calibration": {"copy_gb_per_s": 20, "f32_fma_tflop_per_s": 0.5}, "rows": [)" +
         row("naive", "4") + ", " + row("online", "1") + ", " + row("odd", "8") + "]}";
}

BenchmarkRow made_up_row(const std::string& name, const std::string& opponent, double ours,
                         double theirs) {
  BenchmarkRow row;
  row.what = {"softmax", name, "forward", 1e6, 1e6};
  row.threads = 2;
  row.turns = 7;
  row.math = "f32";
  row.ours = BenchmarkTime{ours, 0.9 * ours, 1.1 * ours};
  row.error = 1e-7;
  row.opponent = opponent;
  row.opponent_math = opponent.empty() ? "" : "f32";
  if (theirs > 0.0) {
    row.theirs = BenchmarkTime{theirs, 0.9 * theirs, 1.1 * theirs};
  }
  return row;
}

BenchmarkFile made_up_file(const std::vector<BenchmarkRow>& rows) {
  BenchmarkFile file;
  file.name = "rows.json";
  file.machine = "EPYC";
  file.commit = "abc123";
  file.date = "2026-11-28";
  file.rates = {{"cpu, 2 threads", 2, 10.0, 100.0}};
  file.rows = rows;
  return file;
}

}  // namespace heddle
