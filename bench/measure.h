#pragma once

#include <string>
#include <vector>

#include "bench/case.h"
#include "bench/rates.h"

namespace heddle::bench {

struct Effort {
  int rounds = 7;         // contenders take turns so many times
  double seconds = 0.05;  // of each contender in each round
};

/// What was measured of one contender; seconds of one call.
struct Measured {
  std::string name;
  std::string math;
  double median = 0, least = 0, most = 0;
  int turns = 0;
  double error = -1;         // as Contender::error; −1: not compared
  double others_cores = -1;  // kept busy by other programs during the case; −1: not known
  std::string absent;        // why there is nothing to show
  std::string note;          // what is to be known about the figures
};

/// All contenders of a case, in turns: in each round everybody runs once, so that what the machine
/// does meanwhile hits all of them. Each burst is an iteration of Google Benchmark with manual
/// time. Before anything is timed, results are compared with the reference. Errors (NumericError):
/// ours is wrong; an opponent that is wrong is left out and says so.
std::vector<Measured> measure(const Case& what, const Setting& setting, const Effort& effort);

}  // namespace heddle::bench
