#include "train/run.h"

#include <chrono>
#include <cmath>
#include <ostream>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "data/atomic_file.h"
#include "kernels/kernels.h"
#include "train/breakdown.h"
#include "train/checkpoint.h"
#include "train/embedding_vectors.h"
#include "train/final_evaluation.h"
#include "train/run_report.h"
#include "train/stop_signals.h"
#include "train/trainer.h"

namespace heddle {

namespace {

bool is_due(const CheckpointConfig& when, const Trainer& trainer, bool ends_epoch) {
  const std::int64_t step = trainer.state().step;
  const std::int64_t epoch = (step - 1) / trainer.steps_per_epoch() + 1;
  return (when.every_steps > 0 && step % when.every_steps == 0) ||
         (ends_epoch && when.every_epochs > 0 && epoch % when.every_epochs == 0);
}

std::string epoch_message(const Trainer& trainer, const Metrics& metrics) {
  const RunState& state = trainer.state();
  std::ostringstream text;
  text << "epoch " << (state.step - 1) / trainer.steps_per_epoch() + 1 << ", step " << state.step;
  text.precision(4);
  for (const char* name :
       {"loss", "accuracy", "recall_mean", "mae", "bleu", "domain_accuracy", "modality_accuracy"}) {
    if (const auto found = metrics.find(name); found != metrics.end()) {
      text << (name == std::string("loss") ? ": validation " : ", ") << name << ' '
           << found->second;
    }
  }
  text << (!state.candidates.empty() && state.candidates.back().step == state.step ? " (best)"
                                                                                   : "");
  return text.str();
}

/// How well the adversaries guessed on the validation split after this step.
Metrics adversaries_at(const RunState& state, std::int64_t step) {
  for (const HistoryEntry& entry : state.history) {
    if (entry.step == step && entry.split == "valid") {
      return adversary_metrics(entry.values);
    }
  }
  return {};
}

/// Continues from the newest whole checkpoint; false where there is none.
bool resume(Trainer& trainer, const CheckpointFolder& checkpoints, const RunConfig& config,
            Progress& progress) {
  const CheckpointFolder::Search search = checkpoints.newest();
  for (const std::string& reason : search.damaged) {
    progress.say("passed over a damaged checkpoint: " + reason);
  }
  if (!search.found) {
    progress.say("no checkpoint yet: training starts at the beginning");
    return false;
  }
  const std::string file = search.found->path.string();
  check<InputError>(
      lasting_toml(parse_run_config(search.found->config, file)) == lasting_toml(config), file,
      ": is of a run with another configuration");
  trainer.restore(search.found->snapshot);
  progress.say(
      concat("resumed at step ", trainer.state().step, " from ", search.found->path.string()));
  return true;
}

/// One run from here to its end, or to a signal.
class Session {
 public:
  Session(const RunConfig& config, const LoadedData& data, const RunOptions& options,
          Progress& progress)
      : config_(config),
        data_(data),
        options_(options),
        progress_(progress),
        text_(to_toml(config)),
        trainer_(config, data.dataset),
        folder_(options.folder, options.start),
        checkpoints_(folder_.checkpoints(), config.checkpoint.keep) {
    folder_.keep_config(text_);
    const bool goes_on = options.start == RunFolder::Start::resume &&
                         resume(trainer_, checkpoints_, config, progress);
    if (!goes_on) {
      for (const std::string& message : trainer_.take_word_vectors()) {
        progress.say(message);
      }
    }
    folder_.rewrite_metrics(trainer_.state().history);
  }

  RunOutcome run() {
    RunOutcome outcome;
    outcome.signal = train();
    if (outcome.signal == 0) {
      finish(outcome);
    }
    return outcome;
  }

 private:
  /// Returns the signal that stopped it, else 0.
  int train() {
    if (config_.train.batch_tokens > 0) {
      std::ostringstream text;
      text.precision(1);
      text << std::fixed << "batches of up to " << config_.train.batch_tokens
           << " tokens: " << trainer_.steps_per_epoch() << " per epoch, "
           << 100.0 * trainer_.padding_share() << " % of their places are padding";
      progress_.say(text.str());
    }
    progress_.begin(trainer_.state().step, trainer_.total_steps());
    while (!trainer_.finished() && StopSignals::received() == 0) {
      const auto before = std::chrono::steady_clock::now();
      const Trainer::Step step = trainer_.step();
      say_refusal();
      progress_.step(trainer_.state().step, step.loss, step.samples);
      const bool ends_epoch = step.ends_epoch || trainer_.finished();
      if (ends_epoch) {
        progress_.say(epoch_message(trainer_, trainer_.end_epoch()));
      }
      const auto after = std::chrono::steady_clock::now();
      trainer_.add_seconds(std::chrono::duration<double>(after - before).count());
      folder_.append_metrics(trainer_.state().history);
      if (is_due(config_.checkpoint, trainer_, ends_epoch)) {
        save();
      }
    }
    progress_.end();
    if (saved_step_ != trainer_.state().step) {
      save();
    }
    if (trainer_.finished()) {
      return 0;
    }
    progress_.say(concat("stopped by a signal at step ", trainer_.state().step,
                         "; saved. Add --resume to go on"));
    return StopSignals::received();
  }

  void say_refusal() {
    if (const std::string refusal = trainer_.graph_refusal(); refusal != refusal_) {
      progress_.say("steps are not captured as a graph: " + refusal);
      refusal_ = refusal;
    }
  }

  void save() {
    trainer_.settle();
    checkpoints_.save(trainer_.snapshot(), text_);
    saved_step_ = trainer_.state().step;
  }

  void finish(RunOutcome& outcome) {
    RunSummary& summary = outcome.summary;
    summary.device = config_.train.device;
    summary.threads = thread_count();
    summary.seconds = trainer_.state().seconds;
    summary.seed = config_.train.seed;
    summary.steps = trainer_.state().step;
    summary.parameters = count_elements(trainer_.parameters());
    summary.weights_sha256 = weights_sha256(trainer_.parameters());
    const auto& candidates = trainer_.state().candidates;
    const std::int64_t best_step = candidates.empty() ? summary.steps : candidates.front().step;
    const auto tokenizers = tokenizers_of(data_.dataset);
    save_weights(folder_.last_weights(),
                 {copy_of_weights(trainer_.parameters()), text_, summary.steps, tokenizers});
    save_weights(folder_.best_weights(), {trainer_.chosen_weights(), text_, best_step, tokenizers});
    load_weights(trainer_.parameters(), trainer_.chosen_weights(), "best weights");

    const EvaluatedModel evaluated = {trainer_.model(), trainer_.loss(), trainer_.modalities()};
    const FinalEvaluation evaluation = evaluate_all(evaluated, data_.dataset, config_,
                                                    [] { return StopSignals::received() != 0; });
    outcome.signal = StopSignals::received();
    if (outcome.signal != 0) {
      progress_.say("stopped by a signal while evaluating; training is saved. Add --resume");
      return;
    }
    summary.metrics = metrics_by_split(evaluation, data_.dataset);
    if (const auto valid = summary.metrics.find("valid"); valid != summary.metrics.end()) {
      valid->second.merge(adversaries_at(trainer_.state(), best_step));
    }
    if (const auto watched = best_watched_epoch(trainer_.state().history)) {
      summary.metrics["test_best_epoch"] = watched->values;
    }
    summary.subsets = evaluation.subsets;
    for (const auto& [split, predictions] : {std::pair{"train", &evaluation.train},
                                             {"valid", &evaluation.valid},
                                             {"test", &evaluation.test}}) {
      if (const auto label = collapsed_to(*predictions)) {
        summary.collapsed[split] = data_.dataset.class_names[static_cast<std::size_t>(*label)];
      }
    }
    outcome.test = evaluation.test;
    write_file_atomically(folder_.file("summary.json"), to_json(summary));
    write_file_atomically(
        folder_.file("report.html"),
        report_html(describe_run({config_, data_, trainer_.state(), evaluation, summary,
                                  trainer_.modalities(), options_.command})));
  }

  const RunConfig& config_;
  const LoadedData& data_;
  const RunOptions& options_;
  Progress& progress_;
  std::string text_;
  Trainer trainer_;  // before the folder: what does not fit the data must not clear an old run
  RunFolder folder_;
  CheckpointFolder checkpoints_;
  std::int64_t saved_step_ = -1;  // of this session; none yet
  std::string refusal_;           // told already
};

}  // namespace

RunOutcome run_training(const RunConfig& config, const LoadedData& data,
                        const RunOptions& options) {
  static_cast<void>(kernels_for(device_named(config.train.device)));
  std::ostringstream nowhere;
  Progress progress(options.messages != nullptr ? *options.messages : nowhere, options.manner);
  const StopSignals signals;
  const RunConfig resolved =
      with_vector_width(config, options.folder, options.start == RunFolder::Start::resume);
  Session session(resolved, data, options, progress);
  return session.run();
}

}  // namespace heddle
