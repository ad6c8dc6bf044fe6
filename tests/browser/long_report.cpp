#include <algorithm>
#include <cmath>
#include <string>

#include "tests/browser/made_up_reports.h"

namespace heddle {

ReportSeries falling_loss(const std::string& name, int count, double step, double floor,
                          double jitter) {
  Noise noise(name.size());
  ReportSeries series{name, {}, {}};
  for (int i = 0; i < count; ++i) {
    const double x = (i + 1) * step;
    const double base = floor + (0.69 - floor) / (1.0 + std::exp((x - 520.0) / 110.0));
    series.x.push_back(x);
    series.y.push_back(std::max(0.0, base + jitter * base * noise.between(-1, 1)));
  }
  return series;
}

ReportRun some_machine(const std::string& command) {
  ReportRun run;
  run.command = command;
  run.processor = "AMD EPYC 7B13, 2 cores, AVX2 and FMA";
  run.device = "cpu";
  run.compiler = "g++ 12.2.0, -O3 -march=x86-64-v3 -ffp-contract=off";
  run.version = "heddle 0.1.0";
  run.system = "Linux 6.1, x86-64";
  run.started = "2025-03-14 09:26 UTC";
  run.weights_sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  run.threads = 2;
  run.parameters = 148226;
  run.steps = 1500;
  run.seconds = 41.3;
  run.seeds = {1};
  run.configuration =
      "# the resolved configuration: defaults included\nseed = 1\n\n[model]\nkind = \"sentiment\"\n"
      "hidden = 64\npool = \"attention\"\nmodality_dropout = 0.3\n\n[data]\nkind = \"builtin\"\n"
      "train = 8000\nvalidation = 1000\ntest = 1000\n\n[optimiser]\nkind = \"adamw\"\n"
      "learning_rate = 0.002  # after a warm-up of 100 steps\nclip = 1.0\n";
  return run;
}

RunReport long_report() {
  RunReport report;
  report.title = "ten thousand steps";
  report.charts.push_back({"Loss",
                           "step",
                           "nats",
                           ReportUnit::number,
                           {falling_loss("train", 10000, 0.2, 0.04, 0.5)},
                           {},
                           ""});
  return report;
}

}  // namespace heddle
