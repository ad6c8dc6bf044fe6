#pragma once

#include <string>
#include <vector>

#include "bench/measure.h"

namespace heddle::bench {

/// What a benchmark program is told on its command line.
struct Options {
  Device device;
  std::vector<int> threads;
  std::vector<Math> math = {Math::f32};
  std::string pattern = ".*";
  Effort effort;
  double minutes = 0;  // 0: as long as it takes
  std::string out;
  bool alone = false;
  bool list = false;
  bool help = false;
};

/// What --help prints.
extern const char* const usage;

/// Opponents of PyTorch are noted by the way (bench/torch.h). Errors (UsageError): an unknown
/// option or value.
Options options_of(int count, char** arguments);

}  // namespace heddle::bench
