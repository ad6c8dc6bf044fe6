#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "data/sampler.h"
#include "train/metrics.h"

namespace heddle {

/// One line of metrics.jsonl. Splits: "train" (means over the steps since the line before), "valid"
/// and, where it is watched, "test", after each epoch.
struct HistoryEntry {
  std::int64_t step = 0;   // updates made
  std::int64_t epoch = 0;  // the one this step belongs to, from 1
  std::string split;
  Metrics values;
};

/// An epoch whose weights are kept: its last step, and its value of the selecting metric.
struct EpochCandidate {
  std::int64_t step = 0;
  double value = 0.0;
};

/// Sums over the steps since the last "train" line.
struct RunningMeans {
  std::int64_t steps = 0;
  double loss = 0.0;
  double gradient_norm = 0.0;
};

/// All of a run's state that is not a tensor: with the tensors of a snapshot, enough to go on with
/// the same bits.
struct RunState {
  std::int64_t step = 0;
  double seconds = 0.0;  // spent training, all sittings together
  RunningMeans means;
  /// Epochs that may still be chosen, each better on the validation split than the one before, so
  /// that the last is the best so far; the first is the choice (train.choose). Empty until
  /// something was validated.
  std::vector<EpochCandidate> candidates;
  std::int64_t epochs_without_gain = 0;
  bool stopped_early = false;
  BatchSampler::State sampler;                      // of the first task
  std::vector<BatchSampler::State> other_samplers;  // of a joint run's others
  std::map<std::string, Generator::State> generators;
  std::vector<HistoryEntry> history;
};

std::string to_json(const RunState& state);
/// Errors (InputError): not what `to_json` writes.
RunState run_state_from_json(std::string_view text);

/// One JSON object in one line, ended by a line feed; numbers that are not finite become null.
std::string to_json_line(const HistoryEntry& entry);

}  // namespace heddle
