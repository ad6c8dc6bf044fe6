#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "train/config.h"
#include "train/evaluation.h"
#include "train/load_data.h"
#include "train/progress.h"
#include "train/results.h"
#include "train/run_folder.h"

namespace heddle {

struct RunOptions {
  std::filesystem::path folder;
  RunFolder::Start start = RunFolder::Start::fresh;
  std::string command;  // as typed, for the report
  std::ostream* messages = nullptr;
  Progress::Manner manner;
};

/// One task of a joint run, when it is finished.
struct MemberOutcome {
  std::string name;
  RunSummary summary;  // metrics and subsets are its own
};

struct RunOutcome {
  int signal = 0;  // SIGINT or SIGTERM, which ended the run after it was saved; else 0
  RunSummary summary;
  Predictions test;                    // of the chosen weights; nothing of a joint run
  std::vector<MemberOutcome> members;  // of a joint run
};

/// Trains as the configuration says, and leaves everything in the run folder: resumes from the
/// newest whole checkpoint where the start is `resume`, saves on SIGINT and SIGTERM, evaluates the
/// best epoch in the end and writes summary.json and report.html.
/// Errors: InputError (configuration, data, folder), NumericError (loss or gradient not finite),
/// OutOfMemory, Unavailable (device).
///
/// `data` has one entry per task (load_tasks). Of a joint run each member gets a folder inside, of
/// its name, with its weights, configuration, summary and report, as a run of it alone leaves them:
/// words of other members are left out of its tables. The metrics of the run itself are those of
/// TrainedTasks::joined.
RunOutcome run_training(const RunConfig& config, std::span<const LoadedData> data,
                        const RunOptions& options);
RunOutcome run_training(const RunConfig& config, const LoadedData& data, const RunOptions& options);

struct SeedsOutcome {
  int signal = 0;
  std::vector<RunSummary> runs;  // those that finished
};

/// The same for `count` seeds from train.seed on, each in folder/seed-<seed>; then seeds.json with
/// the mean and deviation of every metric, and the first seed's summary.json beside it.
SeedsOutcome run_seeds(const RunConfig& config, std::int64_t count,
                       std::span<const LoadedData> data, const RunOptions& options);

/// What training together brings: the joint run in folder/together, then each member by itself with
/// as many steps and samples in folder/alone-<member>, all for `count` seeds; then transfer.json.
/// Errors: as run_training; UsageError for a run of one task.
TransferOutcome run_separately(const RunConfig& config, std::int64_t count,
                               std::span<const LoadedData> data, const RunOptions& options);

/// Cross-validation: the same for every fold of a data set that has them, the data loaded anew each
/// time (statistics and vocabularies are those of the fold's own training split), each in
/// folder/fold-<number>; then folds.json. Errors: as run_training; data without folds, folds whose
/// classes differ.
FoldsOutcome run_folds(const RunConfig& config, const RunOptions& options);

/// That for `count` seeds from train.seed on, each in folder/seed-<seed>; then seeds.json. Errors:
/// as run_folds.
FoldSeedsOutcome run_fold_seeds(const RunConfig& config, std::int64_t count,
                                const RunOptions& options);

}  // namespace heddle
