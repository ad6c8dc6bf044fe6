#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "train/metrics.h"

namespace heddle {

struct SubsetResult {
  std::vector<std::string> modalities;  // the others were masked
  double accuracy = 0.0;                // on the test split
  std::int64_t samples = 0;             // it was measured on
  std::optional<double> best_possible;  // built-in data only
  Metrics metrics;                      // all of them, where they were asked for
};

/// What is left of a model where modalities are missing at random.
struct MissingRateResult {
  double rate = 0.0;    // asked for
  double hidden = 0.0;  // share of all modalities of all samples that was hidden
  Metrics metrics;
};

/// What summary.json says of a finished run.
struct RunSummary {
  std::string device;
  int threads = 0;
  double seconds = 0.0;  // of training and validation, all sittings together
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
  std::int64_t parameters = 0;  // numbers that are learned
  std::string weights_sha256;   // of the weights after the last step (last.safetensors)
  /// By split: "train" (the last line of metrics), "valid" and "test" with the weights of the best
  /// epoch; "test_best_epoch", where the test split is watched: the test metrics of the epoch whose
  /// test accuracy is highest, which is no fair result and is never used for anything.
  std::map<std::string, Metrics> metrics;
  std::vector<SubsetResult> subsets;
  /// By split: the class that everything was predicted as, where the truth is of several.
  std::map<std::string, std::string> collapsed;
};

/// {"device", "threads", "seconds", "seed", "steps", "parameters", "weights_sha256", "metrics":
/// {split: {name: value}}, "subsets": [{"modalities": […], "accuracy", "best_possible"}],
/// "collapsed": {split: class}}; what is not known is null.
std::string to_json(const RunSummary& summary);
/// {"split", "metrics": {name: value}, "subsets": […]}, parts as above (subsets with "metrics"
/// where they have them), and, where there are any, "missing_rates": [{"rate", "hidden",
/// "metrics"}].
std::string evaluation_json(const std::string& split, const Metrics& metrics,
                            const std::vector<SubsetResult>& subsets,
                            const std::vector<MissingRateResult>& missing_rates = {});

struct Spread {
  double mean = 0.0;
  double deviation = 0.0;  // sample standard deviation (n − 1); 0 for one value
};
Spread spread_of(const std::vector<double>& values);

/// By split and metric, over runs that differ in their seed only.
std::map<std::string, std::map<std::string, Spread>> spreads_of(
    const std::vector<RunSummary>& runs);

/// {"seeds": […], "metrics": {split: {name: {"mean", "std"}}}, "collapsed": [seeds of runs whose
/// test predictions are of one class]}.
std::string seeds_json(const std::vector<RunSummary>& runs);

/// A joint run beside runs of its members alone, each for the same seeds.
struct TransferOutcome {
  int signal = 0;  // as RunOutcome has it
  std::vector<RunSummary> together;
  std::map<std::string, std::vector<RunSummary>> alone;  // by member
};

/// A metric of one member on the test split.
struct TransferRow {
  std::string member;
  std::string metric;
  Spread together;
  Spread alone;
  Spread difference;  // together − alone, seed by seed
};
/// By member and metric.
std::vector<TransferRow> transfer_rows(const TransferOutcome& outcome);

/// {"seeds": […], "tasks": {member: {metric: {"together": {"mean", "std"}, "alone",
/// "difference"}}}}.
std::string transfer_json(const TransferOutcome& outcome);

/// The runs of a cross-validation.
struct FoldsOutcome {
  int signal = 0;                  // as RunOutcome has it
  std::vector<std::string> folds;  // their names
  std::vector<RunSummary> runs;    // those that finished
  /// Of the test predictions of all folds together, each sample predicted by the model that never
  /// saw its fold.
  Metrics pooled;
};

/// {"folds": […], "seed", "metrics": {split: {name: {"mean", "std"}}}, "pooled": {name: value},
/// "collapsed": [folds]}.
std::string folds_json(const FoldsOutcome& outcome);

/// The same cross-validation for several seeds.
struct FoldSeedsOutcome {
  int signal = 0;
  std::vector<FoldsOutcome> seeds;  // those that finished
};

/// Of each seed the means of all metrics over its folds, as if they were a run's (split "pooled":
/// FoldsOutcome::pooled), so that spreads_of tells what the seed matters.
std::vector<RunSummary> means_over_folds(const FoldSeedsOutcome& outcome);

/// {"seeds": […], "folds": […], "metrics": {split: {name: {"mean", "std"}}}, "pooled": {name:
/// {"mean", "std"}}, "by_fold": {fold: {name: {"mean", "std"}}}, "collapsed": [{"seed", "fold"}]}:
/// "metrics" and "pooled" are over seeds of means_over_folds, "by_fold" over seeds of the test
/// split.
std::string fold_seeds_json(const FoldSeedsOutcome& outcome);

}  // namespace heddle
