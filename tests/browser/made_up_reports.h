#pragma once

#include <cstdint>
#include <string>

#include "report/benchmark.h"
#include "train/report.h"

namespace heddle {

// Reports of made-up but realistic data, the same on every machine.

RunReport built_in_report();   // every modality, subsets with a best possible accuracy
RunReport real_data_report();  // five seeds, videos with scores and attention
RunReport hostile_report();    // markup, endless words, NaN and infinity in every field
RunReport long_report();       // 10,000 steps

/// Rows won, lost, not measured, with hostile text and absurd times, and two ladders.
std::vector<BenchmarkFile> made_up_benchmarks();

// A small generator (xorshift64*), so that the pages are the same on every machine.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1u) {}
  double uniform() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<double>((state_ * 0x2545F4914F6CDD1Du) >> 11) * 0x1.0p-53;
  }
  double between(double low, double high) { return low + (high - low) * uniform(); }

 private:
  std::uint64_t state_;
};

/// A loss that falls from ln 2 to `floor` around x = 520; `jitter` is relative.
ReportSeries falling_loss(const std::string& name, int count, double step, double floor,
                          double jitter);

ReportRun some_machine(const std::string& command);

}  // namespace heddle
