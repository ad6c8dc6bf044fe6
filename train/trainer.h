#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/random.h"
#include "data/dataset.h"
#include "data/safetensors.h"
#include "models/model.h"
#include "train/adversaries.h"
#include "train/batch_source.h"
#include "train/config.h"
#include "train/embedding_attack.h"
#include "train/evaluation.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/run_state.h"
#include "train/schedule.h"
#include "train/step_graph.h"
#include "train/trained_tasks.h"
#include "train/weights.h"

namespace heddle {

/// All there is to save of a run.
struct Snapshot {
  RunState state;
  std::vector<NamedTensor> tensors;  // "weights.…", "adversary.…", "first.…", "second.…",
                                     // "average.…", "best.0.…"
};

/// One training run in memory: model, optimiser, order of samples, what was best. Knows no files.
/// Its whole future is a function of its snapshot: restoring one continues with the same bits.
class Trainer {
 public:
  /// Of a run of one task. `dataset` must outlive it. Errors (InputError): a configuration the data
  /// does not fit.
  Trainer(const RunConfig& config, const Dataset& dataset);
  /// One data set per task (train/trained_tasks.h); they must outlive it. Each step takes a batch
  /// of every task.
  Trainer(const RunConfig& config, std::span<const Dataset* const> datasets);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  struct Step {
    /// Of this step where the host knows it at once; else the mean since it last knew, where it has
    /// looked (every train.log_every steps), and nothing in between.
    std::optional<double> loss;
    std::int64_t samples = 0;  // in its batches (groups: their members)
    bool ends_epoch = false;
  };
  /// One update. A device is not waited for but every train.log_every steps. Errors
  /// (NumericError): loss or gradient is not finite; names the step, the operation it came from,
  /// and what to do. Weights, moments and random streams are as before that step then, however many
  /// followed until the host looked.
  Step step();
  /// Waits for the device and looks at what it found: the errors of `step`. To be called before a
  /// snapshot.
  void settle();
  /// Evaluates the validation split (and the test split where it is watched) after an epoch, keeps
  /// the weights if they are the best so far, and decides about stopping early. Errors
  /// (NumericError): the validation loss is not finite.
  Metrics end_epoch();
  /// All steps are done, or training stopped early.
  bool finished() const;

  const RunState& state() const { return state_; }
  void add_seconds(double seconds) { state_.seconds += seconds; }
  std::int64_t total_steps() const { return total_steps_; }
  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  /// With train.batch_tokens, the share of an epoch's places that are padding.
  double padding_share() const { return sources_.front()->padding_share(); }
  bool uses_unlabelled() const { return sources_.front()->uses_unlabelled(); }

  Snapshot snapshot() const;
  /// Errors (InputError): a snapshot of another model or configuration.
  void restore(const Snapshot& snapshot);

  const TrainedTasks& tasks() const { return tasks_; }
  Model& model() { return *tasks_[0].model; }  // of the first task
  /// Of the models, frozen ones too.
  const std::vector<NamedParameter>& parameters() const { return parameters_; }
  /// Before the first step of a new run whose model.tokens.vectors names a file: reads it into the
  /// embedding tables (train/embedding_vectors.h), and returns what to tell the user.
  std::vector<std::string> take_word_vectors();
  /// Of the epoch chosen so far; the present ones (averaged, where that is on) where nothing was
  /// validated.
  std::vector<NamedTensor> chosen_weights() const;
  /// What the present weights (averaged, where that is on) say of a split of the first task's data,
  /// with these modalities shown.
  Predictions evaluate(Split split, const std::vector<bool>& shown = {},
                       bool keep_attention = false);
  /// Names of the modalities that the first task uses.
  const std::vector<std::string>& modalities() const { return tasks_[0].modalities; }
  const Loss& loss() const { return tasks_[0].loss; }
  /// Why steps are not captured although they were to be (train.graph); empty else.
  std::string graph_refusal() const;
  /// How many steps were replayed from a graph so far.
  std::int64_t replays() const { return graphs_ ? graphs_->replays() : 0; }

 private:
  /// From where a step began, to do it again.
  struct StepStart {
    std::int64_t step;
    std::vector<BatchSource::Place> places;  // of each task
    std::vector<Generator::State> generators;
  };

  std::vector<StepBatch> next_batches(std::int64_t step);
  std::vector<BatchSource::Place> places() const;
  void forward_backward(const std::vector<StepBatch>& batches, Variable& loss);
  void train_on(const std::vector<StepBatch>& batches);
  /// The metrics of a split, of all tasks together; empty where none has a sample there. Counts
  /// what the adversaries guess where `tallies` is given.
  Metrics metrics_of_split(Split split, Adversaries::Tallies* tallies = nullptr);
  std::vector<NamedParameter> learned_parameters();
  void begin_adversaries(std::int64_t step);
  [[noreturn]] void explain_failure(const StepScalars& found);
  void note_history(double rate_factor);
  void record_best(const Metrics& metrics);
  std::vector<NamedTensor> evaluated_weights() const;

  RunConfig config_;
  TrainedTasks tasks_;
  std::vector<NamedParameter> parameters_;  // the models', frozen ones too
  std::optional<Adversaries> adversaries_;  // never of a joint run
  Optimizer optimizer_;
  std::vector<std::unique_ptr<BatchSource>> sources_;  // one per task
  std::int64_t steps_per_epoch_;
  std::int64_t total_steps_;
  Schedule schedule_;
  std::vector<NamedGenerator> generators_;  // the models'
  std::optional<EmbeddingAttack> attack_;
  std::optional<StepGraphs> graphs_;
  std::vector<StepStart> starts_;  // of the steps since the host last looked
  double last_loss_ = 0.0;         // of the step before it looked
  std::optional<WeightAverage> average_;
  std::vector<std::vector<NamedTensor>> best_;  // of each of the state's candidates
  RunState state_;
};

}  // namespace heddle
