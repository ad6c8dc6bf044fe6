#include <utility>

#include "data/atomic_file.h"
#include "train/each_seed.h"
#include "train/run.h"
#include "train/run_report.h"

namespace heddle {

SeedsOutcome run_seeds(const RunConfig& config, std::int64_t count,
                       std::span<const LoadedData> data, const RunOptions& options) {
  check_seed_count(count);
  RunFolder folder(options.folder, options.start);
  folder.keep_config(to_toml(config));
  SeedsOutcome outcome;
  outcome.signal =
      for_each_seed(config, count, options, [&](const RunConfig& one, const RunOptions& where) {
        RunOutcome run = run_training(one, data, where);
        if (run.signal == 0) {
          outcome.runs.push_back(std::move(run.summary));
        }
        return run.signal;
      });
  if (outcome.signal != 0) {
    return outcome;
  }
  write_file_atomically(folder.file("seeds.json"), seeds_json(outcome.runs));
  write_file_atomically(folder.file("summary.json"), to_json(outcome.runs.front()));
  write_file_atomically(folder.file("report.html"),
                        report_html(describe_seeds(config, outcome.runs, options.command)));
  return outcome;
}

}  // namespace heddle
