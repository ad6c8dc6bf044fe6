// The main of every benchmark.

#include <cstdio>
#include <exception>
#include <iostream>
#include <regex>

#include "bench/options.h"
#include "bench/rows.h"
#include "bench/unmeasured.h"
#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernels.h"

namespace heddle::bench {
namespace {

/// The cases asked for, in the order in which they are measured.
std::vector<Case> chosen_cases(const Options& options) {
  const std::regex pattern(options.pattern);
  std::vector<Case> chosen;
  for (Case& what : cases(options.device)) {
    const std::string name =
        heddle::concat(what.name, ", ", what.direction, what.cold ? ", cold" : "");
    if (!std::regex_search(name, pattern)) {
      continue;
    }
    if (options.list) {
      std::cout << "  " << name << '\n';
    }
    if (options.alone) {
      what.contenders = [all = what.contenders](const Setting& on) {
        return std::vector<Contender>{all(on).front()};
      };
    }
    chosen.push_back(std::move(what));
  }
  return chosen;
}

/// All that a program has found so far.
struct Report {
  Setting setting;
  nlohmann::json rates = nlohmann::json::object();
  nlohmann::json rows = nlohmann::json::array();
  int failures = 0;

  /// Adds the rows of one case. One that fails is noted: those that follow may still be measured.
  void measure_case(const Case& what, const Options& options, const Rates& here) {
    try {
      add_rows(what, setting, measure(what, setting, options.effort), here, rows);
    } catch (const Unavailable& error) {
      add_unmeasured(what, setting, error.what(), rows);
    } catch (const Error& error) {
      add_unmeasured(what, setting, error.what(), rows);
      ++failures;
    }
  }
};

Rates rates_of(Report& report) {
  const Rates rates = measure_rates(report.setting);
  const int threads = report.setting.threads;
  report.rates[heddle::concat(report.setting.device, ", ", threads, " threads")] = {
      {"copy_gb_per_s", rates.copy_bytes_per_second / 1e9},
      {"f32_fma_gflop_per_s", rates.operations_per_second / 1e9}};
  std::printf("%d threads: copy %.1f GB/s, f32 multiply-add %.1f GFLOP/s\n", threads,
              rates.copy_bytes_per_second / 1e9, rates.operations_per_second / 1e9);
  return rates;
}

/// Lists what cannot be measured on a device that is not there, and fails with the reason.
void list_unmeasured(const Options& options, const std::vector<Case>& chosen,
                     const std::string& why) {
  nlohmann::json rows;
  for (const Case& what : chosen) {
    for (const Math math : options.math) {
      add_unmeasured(what, {options.device, options.threads.front(), math}, why, rows);
    }
  }
  fail<Unavailable>("nothing was measured: ", why);
}

void run(const Options& options) {
  if (options.help) {
    std::cout << usage;
    return;
  }
  const Budget budget(options.minutes);
  const std::vector<Case> chosen = chosen_cases(options);
  if (options.list) {
    return;
  }
  if (const std::string why = why_unavailable(options.device); !why.empty()) {
    list_unmeasured(options, chosen, why);
  }
  std::cout << family << " on " << machine_name(options.device) << '\n';
  Report report{.setting = {.device = options.device}};
  for (const int threads : options.threads) {
    report.setting.threads = threads;
    set_thread_count(threads);
    const Rates rates = rates_of(report);
    for (const Case& what : chosen) {
      for (const Math math : options.math) {
        report.setting.math = math;
        if (const std::string why = budget.refusal(); !why.empty()) {
          add_unmeasured(what, report.setting, why, report.rows);
          continue;
        }
        report.measure_case(what, options, rates);
        if (!options.out.empty()) {  // whoever stops this program has what there is
          write_rows(options.out, report.setting, report.rates, report.rows);
        }
      }
    }
  }
  print_summary(report.rows);
  if (!options.out.empty()) {
    write_rows(options.out, report.setting, report.rates, report.rows);
  }
  check(report.failures == 0, report.failures, " cases failed; their lines say why");
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
