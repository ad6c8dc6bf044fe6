// heddle bench report: draws files of benchmark rows and of ladders as one page.

#include <fstream>
#include <iostream>

#include "apps/commands.h"
#include "core/error.h"
#include "report/benchmark.h"

namespace heddle {

int run(const BenchReportCommand& command) {
  std::vector<BenchmarkFile> files;
  std::size_t rows = 0;
  for (const std::string& path : command.files) {
    files.push_back(read_benchmark_file(path));
    rows += files.back().rows.size() + files.back().ladder.size();
  }
  std::ofstream page(command.html, std::ios::binary);
  page << benchmark_html(files);
  check<InputError>(static_cast<bool>(page.flush()), command.html, ": could not be written");
  std::cout << "written: " << command.html << " (" << rows << (rows == 1 ? " row of " : " rows of ")
            << files.size() << (files.size() == 1 ? " file)\n" : " files)\n");
  return 0;
}

}  // namespace heddle
