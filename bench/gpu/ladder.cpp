// The ladder of every kernel family on a device: each version of each family at the sizes of
// kernels/examples, forward and backward, with the machine's own copy bandwidth and product rate as
// the measure. Versions of a case take turns; medians are printed; losing versions too.
//
//   heddle_ladder [--device cuda] [--family NAME] [--seconds S] [--out FILE]

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/gpu/calibration.h"
#include "core/build_info.h"
#include "core/cuda_driver.h"
#include "core/error.h"
#include "core/graph.h"
#include "core/tensor.h"
#include "kernels/examples/examples.h"
#include "kernels/kernels.h"

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

struct Options {
  Device device{Backend::cuda, 0};
  std::string family;
  double seconds = 0.02;  // measured for each version of a case
  std::string out;
};

/// Seconds of one call of `body`, from `calls` of them sent as one graph.
class Timed {
 public:
  Timed(const std::function<void()>& body, Device device, double seconds) : device_(device) {
    body();  // modules are loaded, work memory is found
    synchronize(device);
    double once = time(body);
    once = std::min(once, time(body));
    calls_ =
        std::clamp<std::int64_t>(std::llround(seconds / rounds / std::max(once, 1e-7)), 1, 200);
    try {
      graph_.begin_capture(current_stream(device));
      for (std::int64_t i = 0; i < calls_; ++i) {
        body();
      }
      graph_.end_capture();
      run_ = [this] { graph_.replay(current_stream(device_)); };
    } catch (const Error& error) {
      note_ = error.what();
      graph_ = Graph();
      run_ = [this, body] {
        for (std::int64_t i = 0; i < calls_; ++i) {
          body();
        }
      };
    }
    time(run_);
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

  static constexpr int rounds = 7;
  void measure() { seconds_.push_back(time(run_) / static_cast<double>(calls_)); }
  double median() {
    std::sort(seconds_.begin(), seconds_.end());
    return seconds_[seconds_.size() / 2];
  }
  double least() { return *std::min_element(seconds_.begin(), seconds_.end()); }
  double most() { return *std::max_element(seconds_.begin(), seconds_.end()); }
  const std::string& note() const { return note_; }

 private:
  double time(const std::function<void()>& work) const {
    const auto begin = Clock::now();
    work();
    synchronize(device_);
    return std::chrono::duration<double>(Clock::now() - begin).count();
  }

  Device device_;
  std::int64_t calls_ = 1;
  Graph graph_;
  std::function<void()> run_;
  std::vector<double> seconds_;
  std::string note_;
};

double seconds_of(const std::function<void()>& body, Device device) {
  Timed timed(body, device, 0.05);
  for (int round = 0; round < Timed::rounds; ++round) {
    timed.measure();
  }
  return timed.median();
}

struct Machine {
  double copy_bytes_per_second = 0;
  double products_per_second = 0;
  json calibration;
};

/// Median seconds of `steps` steps of `body`, less those of none.
double seconds_per_step(Device device, int steps, const std::function<void(int)>& body) {
  const double all = seconds_of([&] { body(steps); }, device);
  const double none = seconds_of([&] { body(0); }, device);
  return (all - none) / steps;
}

kernels::Calibration calibration_of([[maybe_unused]] Device device) {
#if defined(HEDDLE_HAS_CUDA)
  if (device.backend == Backend::cuda) {
    return kernels::cuda::calibration();
  }
#endif
  return kernels::sim::calibration();
}

Machine calibrated(Device device) {
  const kernels::Calibration on = calibration_of(device);
  Machine machine;
  Stream& stream = current_stream(device);
  const std::int64_t bytes = std::int64_t{1} << (device.backend == Backend::cuda ? 30 : 22);
  const Tensor from = Tensor::zeros({bytes / 4}, DType::f32, device);
  Tensor to = Tensor::zeros({bytes / 4}, DType::f32, device);
  const double copy = seconds_of([&] { to.copy_(from); }, device);
  machine.copy_bytes_per_second = 2.0 * static_cast<double>(bytes) / copy;
  const Tensor out = Tensor::zeros({1}, DType::f32, device);
  double operations = 0;
  const int steps = device.backend == Backend::cuda ? 4096 : 16;
  const double products =
      seconds_of([&] { operations = on.products(stream, steps, out.output_view()); }, device);
  machine.products_per_second = operations / products;

  const auto launches = [&] {
    for (int i = 0; i < 100; ++i) {
      on.launch(stream);
    }
  };
  const auto begin = Clock::now();
  launches();
  synchronize(device);
  const double streamed = std::chrono::duration<double>(Clock::now() - begin).count() / 100;
  const double in_graph = seconds_of([&] { on.launch(stream); }, device);
  const int few = device.backend == Backend::cuda ? 200 : 4;
  const double barrier =
      seconds_per_step(device, few, [&](int count) { on.grid_barrier(stream, count); });
  const Tensor flags = Tensor::zeros({2}, DType::i64, device);
  const double handoff = seconds_per_step(device, few, [&](int count) {
    Tensor(flags).fill_(0);
    on.handoff(stream, count, flags.output_view());
  });
  machine.calibration = {{"copy_gb_per_s", machine.copy_bytes_per_second / 1e9},
                         {"f32_fma_tflop_per_s", machine.products_per_second / 1e12},
                         {"launch_us", streamed * 1e6},
                         {"graph_node_us", in_graph * 1e6},
                         {"grid_barrier_us", barrier * 1e6},
                         {"flag_handoff_one_way_us", handoff / 2 * 1e6}};
  return machine;
}

std::string case_name(const Sizes& sizes) {
  std::string name;
  for (const auto& [key, value] : sizes) {
    name += concat(name.empty() ? "" : " ", key, ' ', value);
  }
  return name;
}

/// Measures all versions of one case, in turns.
void measure_case(const KernelExample& example, const Sizes& sizes, DType dtype, bool backward,
                  const Options& options, const Machine& machine, json& rows) {
  std::vector<ExampleCall> calls;
  try {
    calls = example.calls(sizes, dtype, options.device);
  } catch (const Error& error) {
    std::cout << "  " << case_name(sizes) << ", " << dtype << ": " << error.what() << '\n';
    return;
  }
  std::vector<std::pair<const ExampleCall*, std::unique_ptr<Timed>>> running;
  for (const ExampleCall& call : calls) {
    const std::function<void()>& body = backward ? call.backward : call.forward;
    if (!body) {
      continue;
    }
    try {
      running.emplace_back(&call, std::make_unique<Timed>(body, options.device, options.seconds));
    } catch (const Error& error) {
      std::printf("  %-44s %-26s %-7s does not run: %s\n", case_name(sizes).c_str(),
                  call.version.c_str(), call.math.c_str(), error.what());
    }
  }
  for (int round = 0; round < Timed::rounds; ++round) {
    for (const auto& [call, timed] : running) {
      timed->measure();
    }
  }
  const Work work = example.work(sizes, dtype, backward);
  for (const auto& [call, timed] : running) {
    const double seconds = timed->median();
    const double of_copy = work.bytes / seconds / machine.copy_bytes_per_second * 100;
    const double of_products = work.operations / seconds / machine.products_per_second * 100;
    std::printf("  %-44s %-26s %-7s %10.2f us  %6.1f %% of copy  %6.1f %% of f32 FMA\n",
                case_name(sizes).c_str(), call->version.c_str(), call->math.c_str(), seconds * 1e6,
                of_copy, of_products);
    rows.push_back({{"family", example.family},
                    {"case", case_name(sizes)},
                    {"direction", backward ? "backward" : "forward"},
                    {"dtype", std::string(name_of(dtype))},
                    {"version", call->version},
                    {"math", call->math},
                    {"ms", seconds * 1e3},
                    {"least_ms", timed->least() * 1e3},
                    {"most_ms", timed->most() * 1e3},
                    {"bytes", work.bytes},
                    {"operations", work.operations},
                    {"percent_of_copy", of_copy},
                    {"percent_of_f32_fma", of_products},
                    {"note", timed->note()}});
  }
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[16];
  std::strftime(text, sizeof(text), "%Y-%m-%d", &utc);
  return text;
}

std::string machine_name(Device device) {
  const CudaDriver driver = cuda_driver();
  return device.backend == Backend::cuda && !driver.devices.empty()
             ? concat(driver.devices.front(), ", CUDA ", driver.version / 1000, '.',
                      driver.version % 1000 / 10)
             : to_string(device);
}

int run(const Options& options) {
  static_cast<void>(kernels_for(options.device));
  const Machine machine = calibrated(options.device);
  std::cout << machine_name(options.device) << '\n' << machine.calibration.dump(2) << '\n';
  json rows = json::array();
  for (const KernelExample& example : kernel_examples()) {
    if (!options.family.empty() && options.family != example.family) {
      continue;
    }
    for (const bool backward : {false, true}) {
      for (const DType dtype : {DType::f32, DType::bf16}) {
        std::cout << example.family << (backward ? ", backward, " : ", forward, ") << dtype << '\n';
        const std::vector<Sizes> small = {example.sizes};
        for (const Sizes& sizes :
             options.device.backend == Backend::cuda ? example.ladder : small) {
          measure_case(example, sizes, dtype, backward, options, machine, rows);
        }
      }
    }
  }
  if (!options.out.empty()) {
    const json report = {{"machine", machine_name(options.device)},
                         {"commit", build_info().commit},
                         {"date", today()},
                         {"calibration", machine.calibration},
                         {"rows", rows}};
    std::ofstream file(options.out);
    file << report.dump(1) << '\n';
    check<InputError>(static_cast<bool>(file.flush()), options.out, ": could not be written");
  }
  return 0;
}

Options options_of(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    check<UsageError>(i + 1 < count, name,
                      ": expected --device, --family, --seconds or --out, "
                      "each with a value");
    const std::string value = arguments[++i];
    if (name == "--device") {
      options.device = device_named(value);
    } else if (name == "--family") {
      static_cast<void>(example_of(value));
      options.family = value;
    } else if (name == "--seconds") {
      options.seconds = std::stod(value);
    } else if (name == "--out") {
      options.out = value;
    } else {
      fail<UsageError>(name, ": expected --device, --family, --seconds or --out");
    }
  }
  return options;
}

}  // namespace
}  // namespace heddle

int main(int count, char** arguments) {
  try {
    return heddle::run(heddle::options_of(count, arguments));
  } catch (const std::exception& error) {
    std::cerr << "heddle_ladder: " << error.what() << '\n';
    return 1;
  }
}
