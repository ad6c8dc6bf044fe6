// The main of every benchmark.

#include <cstdio>
#include <exception>
#include <iostream>
#include <regex>
#include <sstream>

#include "bench/rows.h"
#include "bench/torch.h"
#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernels.h"
#include "train/machine.h"

namespace heddle::bench {
namespace {

constexpr const char* usage = R"(Measures a kernel family beside its opponents, in turns.

  --device NAME     cpu (default) or cuda
  --threads LIST    numbers of threads, such as 1,2 (default: as many as there are cores)
  --math NAME       f32 (default), tf32 or bf16: the accuracy class of ours
  --case REGEX      only cases whose name and direction match
  --rounds N        turns of each contender (default 7)
  --seconds S       length of a turn (default 0.05)
  --torch PYTHON    a Python that has PyTorch, as an opponent; may be given more than once
  --alone           no opponents
  --out FILE        rows as JSON; rows of other families that are in FILE stay
  --list            names of the cases, nothing is measured
)";

struct Options {
  Device device;
  std::vector<int> threads;
  Math math = Math::f32;
  std::string pattern = ".*";
  Effort effort;
  std::string out;
  bool alone = false;
  bool list = false;
  bool help = false;
};

std::vector<int> numbers_in(const std::string& list) {
  std::vector<int> numbers;
  std::stringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) {
    try {
      std::size_t read = 0;
      numbers.push_back(std::stoi(part, &read));
      check<UsageError>(read == part.size() && numbers.back() >= 1, "");
    } catch (const std::exception&) {
      fail<UsageError>("--threads ", list, ": expected whole numbers from 1, such as 1,2");
    }
  }
  check<UsageError>(!numbers.empty(), "--threads: expected numbers, such as 1,2");
  return numbers;
}

double number_in(const std::string& name, const std::string& value) {
  try {
    const double number = std::stod(value);
    check<UsageError>(number > 0, "");
    return number;
  } catch (const std::exception&) {
    fail<UsageError>(name, ' ', value, ": expected a number above 0");
  }
}

Options options_of(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name == "--alone" || name == "--list") {
      (name == "--alone" ? options.alone : options.list) = true;
      continue;
    }
    if (name == "--help") {
      options.help = true;
      return options;
    }
    check<UsageError>(i + 1 < count, name, ": unknown, or a value is missing\n", usage);
    const std::string value = arguments[++i];
    if (name == "--device") {
      options.device = device_named(value);
    } else if (name == "--threads") {
      options.threads = numbers_in(value);
    } else if (name == "--math") {
      options.math = math_named(value);
    } else if (name == "--case") {
      options.pattern = value;
    } else if (name == "--rounds") {
      options.effort.rounds = static_cast<int>(number_in(name, value));
    } else if (name == "--seconds") {
      options.effort.seconds = number_in(name, value);
    } else if (name == "--torch") {
      add_torch(value);
    } else if (name == "--out") {
      options.out = value;
    } else {
      fail<UsageError>(name, ": unknown option\n", usage);
    }
  }
  if (options.threads.empty()) {
    options.threads = {processor_count()};
  }
  return options;
}

void run(const Options& options) {
  if (options.help) {
    std::cout << usage;
    return;
  }
  static_cast<void>(kernels_for(options.device));  // says why, where it is not there
  const std::regex pattern(options.pattern);
  nlohmann::json rows = nlohmann::json::array();
  nlohmann::json all_rates = nlohmann::json::object();
  std::cout << family << " on " << machine_name(options.device) << '\n';
  Setting setting{options.device, 1, options.math};
  for (const int threads : options.threads) {
    setting.threads = threads;
    set_thread_count(threads);
    Rates rates;
    if (!options.list) {
      rates = measure_rates(setting);
      all_rates[heddle::concat(options.device, ", ", threads, " threads")] = {
          {"copy_gb_per_s", rates.copy_bytes_per_second / 1e9},
          {"f32_fma_gflop_per_s", rates.operations_per_second / 1e9}};
      std::printf("%d threads: copy %.1f GB/s, f32 multiply-add %.1f GFLOP/s\n", threads,
                  rates.copy_bytes_per_second / 1e9, rates.operations_per_second / 1e9);
    }
    for (Case& what : cases()) {
      const std::string name =
          heddle::concat(what.name, ", ", what.direction, what.cold ? ", cold" : "");
      if (!std::regex_search(name, pattern)) {
        continue;
      }
      if (options.list) {
        std::cout << "  " << name << '\n';
        continue;
      }
      if (options.alone) {
        what.contenders = [all = what.contenders](const Setting& on) {
          return std::vector<Contender>{all(on).front()};
        };
      }
      try {
        add_rows(what, setting, measure(what, setting, options.effort), rates, rows);
      } catch (const Unavailable& error) {
        std::cout << "  " << name << ": " << error.what() << '\n';
      }
    }
  }
  print_summary(rows);
  if (!options.out.empty()) {
    write_rows(options.out, setting, all_rates, rows);
  }
}

}  // namespace
}  // namespace heddle::bench

int main(int count, char** arguments) {
  try {
    heddle::bench::run(heddle::bench::options_of(count, arguments));
    return 0;
  } catch (const heddle::UsageError& error) {
    std::cerr << arguments[0] << ": " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << arguments[0] << ": " << error.what() << '\n';
    return 1;
  }
}
