#include <ostream>

#include "core/error.h"
#include "data/atomic_file.h"
#include "train/run.h"
#include "train/run_report.h"

namespace heddle {

SeedsOutcome run_seeds(const RunConfig& config, std::int64_t count,
                       std::span<const LoadedData> data, const RunOptions& options) {
  check<UsageError>(count >= 1 && count <= 1000, "--seeds ", count, "; expected 1 … 1000");
  RunFolder folder(options.folder, options.start);
  folder.keep_config(to_toml(config));
  SeedsOutcome outcome;
  for (std::int64_t i = 0; i < count; ++i) {
    RunConfig one = config;
    one.train.seed = config.train.seed + static_cast<std::uint64_t>(i);
    RunOptions where = options;
    where.folder = options.folder / concat("seed-", one.train.seed);
    if (options.messages != nullptr) {
      *options.messages << "seed " << one.train.seed << " (" << i + 1 << " of " << count << ")\n";
    }
    const RunOutcome run = run_training(one, data, where);
    if (run.signal != 0) {
      outcome.signal = run.signal;
      return outcome;
    }
    outcome.runs.push_back(run.summary);
  }
  write_file_atomically(folder.file("seeds.json"), seeds_json(outcome.runs));
  write_file_atomically(folder.file("summary.json"), to_json(outcome.runs.front()));
  write_file_atomically(folder.file("report.html"),
                        report_html(describe_seeds(config, outcome.runs, options.command)));
  return outcome;
}

}  // namespace heddle
