// Trains the example model for some steps as a process of its own, and says how long it took from
// its start to the end of the first step and how much memory it ever held:
//   heddle_example_training [STEPS]

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "bench/example_model.h"
#include "core/error.h"
#include "core/parallel.h"
#include "train/optimizer.h"

namespace heddle::bench {
namespace {

/// Most memory this process ever held (proc_pid_status(5)), in MiB.
double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      return std::stod(line.substr(6)) / 1024;
    }
  }
  return 0;
}

/// Seconds since this process was started (proc_pid_stat(5), field 22; ticks of a hundredth).
double seconds_since_start() {
  std::ifstream stat("/proc/self/stat");
  std::string text;
  std::getline(stat, text);
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    fields >> field;
  }
  std::ifstream uptime("/proc/uptime");
  double now = 0;
  uptime >> now;
  return now - std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int run(int steps) {
  ExampleModel model(Generator(1));
  Optimizer optimizer({.kind = OptimizerKind::adam, .learning_rate = 1e-3}, parameters_of(model));
  const ExampleBatch batch = example_batch(false);
  nlohmann::json told{{"threads", thread_count()}, {"steps", steps}};
  for (int step = 0; step < steps; ++step) {
    Tape tape;
    const Variable loss =
        cross_entropy(model(batch.ids, batch.image, batch.lengths), batch.targets);
    tape.backward(loss);
    optimizer.step(loss.value());
    optimizer.clear_gradients();
    if (step == 0) {
      told["start_to_first_step_s"] = seconds_since_start();
    }
    told["loss"] = loss.item<float>();
  }
  told["peak_mib"] = peak_mib();
  std::cout << told.dump() << '\n';
  return 0;
}

}  // namespace
}  // namespace heddle::bench

int main(int count, char** arguments) {
  try {
    return heddle::bench::run(count > 1 ? std::stoi(arguments[1]) : 50);
  } catch (const std::exception& error) {
    std::cerr << "heddle_example_training: " << error.what() << "; expected a number of steps\n";
    return 1;
  }
}
