// Writes a report of made-up data: report_fixture KIND FILE, where KIND is one of builtin, mosi,
// hostile, long, empty, benchmarks.

#include <fstream>
#include <iostream>
#include <string>

#include "report/benchmark.h"
#include "tests/browser/made_up_reports.h"
#include "train/report.h"

using namespace heddle;

int main(int count, char** arguments) {
  const std::string kind = count == 3 ? arguments[1] : "";
  RunReport report;
  if (kind == "builtin") {
    report = built_in_report();
  } else if (kind == "mosi") {
    report = real_data_report();
  } else if (kind == "hostile") {
    report = hostile_report();
  } else if (kind == "long") {
    report = long_report();
  } else if (kind != "empty" && kind != "benchmarks") {
    std::cerr << "usage: report_fixture builtin|mosi|hostile|long|empty|benchmarks FILE\n";
    return 2;
  }
  std::ofstream file(arguments[2], std::ios::binary);
  file << (kind == "benchmarks" ? benchmark_html(made_up_benchmarks()) : report_html(report));
  return file.flush() ? 0 : 1;
}
