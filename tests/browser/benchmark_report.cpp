#include <cmath>
#include <string>
#include <vector>

#include "tests/browser/made_up_reports.h"

namespace heddle {
namespace {

BenchmarkTime around(double median, Noise& noise) {
  return {median, median * noise.between(0.7, 1.0), median * noise.between(1.0, 1.6)};
}

BenchmarkRow row_of(const std::string& family, const std::string& name, const std::string& opponent,
                    double ratio, Noise& noise) {
  BenchmarkRow row;
  const double size = std::pow(10.0, noise.between(5.0, 8.0));
  row.what = {family, name, "forward", size, size * noise.between(0.2, 40.0)};
  row.threads = 2;
  row.turns = 7;
  row.math = "f32";
  row.ours = around(size / 5e6, noise);
  row.error = 1.2e-7;
  row.opponent = opponent;
  row.opponent_math = noise.uniform() < 0.2 ? "tf32" : "f32";
  if (ratio > 0.0) {
    row.theirs = around(ratio * row.ours->median, noise);
  }
  return row;
}

std::vector<BenchmarkRow> family_rows(const std::string& family, Noise& noise) {
  std::vector<BenchmarkRow> rows;
  for (int i = 0; i < 9; ++i) {
    const std::string name = "time 50, batch " + std::to_string(8 << i) + ", input 300, hidden 128";
    const BenchmarkRow first = row_of(family, name, "PyTorch 2.11.0, compiled", 0.0, noise);
    for (const char* opponent : {"PyTorch 2.11.0, compiled", "oneDNN 2.6.3", "cuDNN graph"}) {
      BenchmarkRow row = row_of(family, name, opponent, noise.between(0.4, 4.0), noise);
      row.what = first.what;
      row.ours = first.ours;
      if (noise.uniform() < 0.1) {
        row.theirs.reset();
        row.note = "Unavailable: it has no kernel for lengths that differ";
      }
      rows.push_back(row);
    }
  }
  return rows;
}

void add_ladder(const std::string& family, bool backward, std::vector<LadderRow>& ladder,
                Noise& noise) {
  for (int i = 0; i < 6; ++i) {
    const double bytes = std::pow(10.0, 5 + i / 2.0);
    double ms = bytes / 1e8;
    for (const char* version : {"thread_per_row", "block_per_row", "warp_per_row", "online"}) {
      ms *= noise.between(0.3, 1.1);
      ladder.push_back({{family, "cols 64 rows " + std::to_string(64 << i),
                         backward ? "backward" : "forward", bytes, bytes / 1.6},
                        "bf16",
                        version,
                        "f32",
                        around(ms, noise),
                        i == 3 ? "no graph: it allocates" : ""});
    }
  }
}

}  // namespace

std::vector<BenchmarkFile> made_up_benchmarks() {
  Noise noise(5);
  const std::string attack =
      "<script>window.broken=1</script><img src=x onerror=\"window.broken=1\">\"' \xff";
  BenchmarkFile rows{"rows.json", "AMD EPYC, 2 cores", "c0a469223847", "2026-11-28", {}, {}, {}};
  rows.rates = {{"cpu, 2 threads", 2, 20.6, 118.0}};
  for (const char* family : {"softmax", "lstm"}) {
    const std::vector<BenchmarkRow> more = family_rows(family, noise);
    rows.rows.insert(rows.rows.end(), more.begin(), more.end());
  }
  // One family of what no benchmark should write.
  for (const double ratio : {1e-9, 1e12, 0.0}) {
    BenchmarkRow row = row_of(attack, attack + std::string(200, 'm'), attack, ratio, noise);
    row.note = attack;
    row.what.operations = ratio > 1.0 ? 0.0 : row.what.operations;
    rows.rows.push_back(row);
  }
  BenchmarkFile ladder{"ladder.json", "sim", "c0a469223847", "2026-11-28", {}, {}, {}};
  ladder.rates = {{"sim", 0, 4200.0, 60000.0}};
  add_ladder("softmax", false, ladder.ladder, noise);
  add_ladder("softmax", true, ladder.ladder, noise);
  return {rows, ladder};
}

}  // namespace heddle
