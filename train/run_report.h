#pragma once

#include <optional>
#include <string>
#include <vector>

#include "train/config.h"
#include "train/final_evaluation.h"
#include "train/load_data.h"
#include "train/report.h"
#include "train/results.h"
#include "train/run_state.h"

namespace heddle {

struct FinishedRun {
  const RunConfig& config;
  const LoadedData& data;
  const RunState& state;
  const FinalEvaluation& evaluation;
  const RunSummary& summary;
  const std::vector<std::string>& modalities;
  const std::string& command;
};

/// What the report of one run shows.
RunReport describe_run(const FinishedRun& run);

/// The report of several seeds: metrics with their spread. `runs` must not be empty.
RunReport describe_seeds(const RunConfig& config, const std::vector<RunSummary>& runs,
                         const std::string& command);

/// The "test" entry with the highest accuracy or mean recall (lowest loss, where there is neither);
/// nothing where the test split was not watched.
std::optional<HistoryEntry> best_watched_epoch(const std::vector<HistoryEntry>& history);

/// Samples of the test split for the wall: the first ones, and some the model gets wrong.
ReportWall describe_wall(const FinishedRun& run);

}  // namespace heddle
