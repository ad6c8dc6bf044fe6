#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "train/final_evaluation.h"
#include "train/load_data.h"
#include "train/run_report.h"
#include "train/trained_tasks.h"

namespace heddle {

/// Puts into `summary` what an evaluation gave: metrics, subsets, splits that collapsed.
void summarise(const FinalEvaluation& evaluation, const Dataset& dataset, RunSummary& summary);

/// summary.json and report.html.
void write_results(const FinishedRun& run, const std::filesystem::path& folder);

/// The folder of one member of a joint run: as that of a run of it alone, with config.toml,
/// best.safetensors, summary.json and report.html, so that every command that takes a run takes it.
/// Rows of words that only other members know are left out of its tables.
void write_member(const TrainedTask& task, const LoadedData& data, const RunState& state,
                  const FinalEvaluation& evaluation, const RunSummary& summary,
                  const std::string& command, std::int64_t step,
                  const std::filesystem::path& folder);

}  // namespace heddle
