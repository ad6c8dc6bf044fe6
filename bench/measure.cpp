#include "bench/measure.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <thread>

#include "bench/burst.h"
#include "bench/load.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/stream.h"

namespace heddle::bench {
namespace {

/// Keeps what Google Benchmark measured instead of printing it.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      seconds_[run.run_name.function_name].push_back(run.real_accumulated_time /
                                                     static_cast<double>(run.iterations));
    }
  }
  std::vector<double> seconds_of(const std::string& name) const {
    const auto found = seconds_.find(name);
    return found == seconds_.end() ? std::vector<double>{} : found->second;
  }

 private:
  std::map<std::string, std::vector<double>> seconds_;
};

/// Runs the contender once and compares; says in `measured` what came of it.
void compare(const Contender& contender, const Case& what, Device device, bool ours,
             Measured& measured) {
  if (contender.poison) {
    contender.poison();
  }
  if (contender.run) {
    contender.run();
    synchronize(device);
  }
  if (!contender.error) {
    return;
  }
  measured.error = contender.error();
  // Classes with fewer bits are shown with their error, and held to what such bits can give.
  const double tolerance = contender.math == "tf32"   ? 100 * what.tolerance
                           : contender.math == "bf16" ? 1000 * what.tolerance
                                                      : what.tolerance;
  if (measured.error <= tolerance) {
    return;
  }
  const std::string message = heddle::concat(
      contender.name, ", ", what.name, ", ", what.direction, ": the result is off by ",
      measured.error, " of the greatest value; at most ", tolerance, " is accepted");
  check<NumericError>(!ours, message);
  measured.absent = message;
}

}  // namespace

std::vector<Measured> measure(const Case& what, const Setting& setting, const Effort& effort) {
  set_thread_count(setting.threads);
  const std::vector<Contender> contenders = what.contenders(setting);
  std::vector<Measured> measured(contenders.size());
  std::vector<std::unique_ptr<Burst>> bursts(contenders.size());
  benchmark::ClearRegisteredBenchmarks();
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    const Contender& contender = contenders[i];
    measured[i].name = contender.name;
    measured[i].math = contender.math;
    measured[i].absent = contender.absent;
    std::function<double()> once;
    try {
      if (measured[i].absent.empty()) {
        compare(contender, what, setting.device, i == 0, measured[i]);
      }
      if (!measured[i].absent.empty()) {
        continue;
      }
      if (contender.remote) {
        contender.remote(effort.seconds / 2);  // warms up there
        once = [&contender, &effort] { return contender.remote(effort.seconds); };
      } else {
        bursts[i] = std::make_unique<Burst>(contender.run, setting.device, effort.seconds,
                                            what.cold, contender.in_graph);
        measured[i].note = bursts[i]->note();
        once = [burst = bursts[i].get(), calls = contender.calls] {
          return burst->measure() / calls;
        };
      }
    } catch (const Unavailable& error) {
      measured[i].absent = error.what();
      continue;
    }
    benchmark::RegisterBenchmark(contender.name.c_str(),
                                 [once](benchmark::State& state) {
                                   // Threads of the one before may still be waiting for work by
                                   // running in circles: OpenMP's do so for some milliseconds.
                                   std::this_thread::sleep_for(std::chrono::milliseconds(20));
                                   for (auto _ : state) {
                                     state.SetIterationTime(once());
                                   }
                                 })
        ->Iterations(1)
        ->UseManualTime();
  }
  Collector collector;
  const OtherLoad others;
  for (int round = 0; round < effort.rounds; ++round) {
    benchmark::RunSpecifiedBenchmarks(&collector, ".*");
  }
  const double cores = others.cores();
  for (Measured& one : measured) {
    one.others_cores = cores;
    std::vector<double> seconds = collector.seconds_of(one.name);
    if (seconds.empty()) {
      continue;
    }
    std::sort(seconds.begin(), seconds.end());
    one.turns = static_cast<int>(seconds.size());
    one.least = seconds.front();
    one.median = seconds[seconds.size() / 2];
    one.most = seconds.back();
  }
  return measured;
}

}  // namespace heddle::bench
