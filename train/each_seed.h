#pragma once

#include <cstdint>
#include <ostream>

#include "core/error.h"
#include "train/run.h"

namespace heddle {

/// Before a folder is touched. Errors (UsageError): a count outside 1 … 1000.
inline void check_seed_count(std::int64_t count) {
  check<UsageError>(count >= 1 && count <= 1000, "--seeds ", count, "; expected 1 … 1000");
}

/// Calls `run(config, options)` for `count` seeds from train.seed on, each with its folder
/// seed-<seed>, until one returns the number of a signal; returns that, else 0. Errors
/// (UsageError): a count outside 1 … 1000.
template <typename Run>
int for_each_seed(const RunConfig& config, std::int64_t count, const RunOptions& options, Run run) {
  for (std::int64_t i = 0; i < count; ++i) {
    RunConfig one = config;
    one.train.seed = config.train.seed + static_cast<std::uint64_t>(i);
    RunOptions where = options;
    where.folder = options.folder / concat("seed-", one.train.seed);
    if (options.messages != nullptr) {
      *options.messages << "seed " << one.train.seed << " (" << i + 1 << " of " << count << ")\n";
    }
    if (const int signal = run(one, where); signal != 0) {
      return signal;
    }
  }
  return 0;
}

}  // namespace heddle
