#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "data/dataset.h"
#include "data/safetensors.h"
#include "data/sampler.h"
#include "models/model.h"
#include "train/config.h"
#include "train/evaluation.h"
#include "train/loss.h"
#include "train/model_batch.h"
#include "train/optimizer.h"
#include "train/run_state.h"
#include "train/schedule.h"
#include "train/weights.h"

namespace heddle {

/// All there is to save of a run.
struct Snapshot {
  RunState state;
  std::vector<NamedTensor> tensors;  // "weights.…", "first.…", "second.…", "average.…", "best.0.…"
};

/// One training run in memory: model, optimiser, order of samples, what was best. Knows no files.
/// Its whole future is a function of its snapshot: restoring one continues with the same bits.
class Trainer {
 public:
  /// `dataset` must outlive it. Errors (InputError): a configuration the data does not fit.
  Trainer(const RunConfig& config, const Dataset& dataset);

  struct Step {
    double loss = 0.0;
    std::int64_t samples = 0;  // in the batch (groups: their members)
    bool ends_epoch = false;
  };
  /// One update. Errors (NumericError): loss or gradient is not finite; names the step, the
  /// operation it came from, and what to do. Weights are as before the step then.
  Step step();
  /// Evaluates the validation split (and the test split where it is watched) after an epoch, keeps
  /// the weights if they are the best so far, and decides about stopping early. Errors
  /// (NumericError): the validation loss is not finite.
  Metrics end_epoch();
  /// All steps are done, or training stopped early.
  bool finished() const;

  const RunState& state() const { return state_; }
  void add_seconds(double seconds) { state_.seconds += seconds; }
  std::int64_t total_steps() const { return total_steps_; }
  std::int64_t steps_per_epoch() const { return sampler_.batches_per_epoch(); }

  Snapshot snapshot() const;
  /// Errors (InputError): a snapshot of another model or configuration.
  void restore(const Snapshot& snapshot);

  Model& model() { return *model_; }
  const std::vector<NamedParameter>& parameters() const { return optimizer_.parameters(); }
  /// Of the epoch chosen so far; the present ones (averaged, where that is on) where nothing was
  /// validated.
  std::vector<NamedTensor> chosen_weights() const;
  /// What the present weights (averaged, where that is on) say of a split, with these modalities
  /// shown.
  Predictions evaluate(Split split, const std::vector<bool>& shown = {},
                       bool keep_attention = false);
  /// Names of the modalities that are used.
  const std::vector<std::string>& modalities() const { return modalities_; }
  const Loss& loss() const { return loss_; }

 private:
  struct Attempt {
    double loss;
    double gradient_norm;
  };
  Attempt forward_backward(const SampleBatch& batch, const Presence& presence);
  [[noreturn]] void explain_failure(const Attempt& attempt, const SampleBatch& batch,
                                    const Presence& presence,
                                    const std::vector<Generator::State>& generators);
  void record_step(const Attempt& attempt, double rate_factor);
  void record_best(const Metrics& metrics);
  std::vector<NamedTensor> evaluated_weights() const;

  RunConfig config_;
  const Dataset& dataset_;
  std::vector<std::string> modalities_;
  Loss loss_;
  std::unique_ptr<Model> model_;
  Optimizer optimizer_;
  BatchSampler sampler_;
  std::int64_t total_steps_;
  Schedule schedule_;
  Generator presence_generator_;
  std::vector<NamedGenerator> generators_;
  std::optional<WeightAverage> average_;
  std::vector<std::vector<NamedTensor>> best_;  // of each of the state's candidates
  RunState state_;
};

}  // namespace heddle
