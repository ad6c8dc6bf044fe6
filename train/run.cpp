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
#include "train/checkpoint.h"
#include "train/embedding_vectors.h"
#include "train/final_evaluation.h"
#include "train/finished_task.h"
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
  for (const auto& [name, value] : metrics) {
    if (name.ends_with(".accuracy") || name.ends_with(".mae")) {  // of one task of several
      text << ", " << name << ' ' << value;
    }
  }
  text << (!state.candidates.empty() && state.candidates.back().step == state.step ? " (best)"
                                                                                   : "");
  return text.str();
}

std::vector<const Dataset*> datasets_of(std::span<const LoadedData> data) {
  std::vector<const Dataset*> datasets;
  for (const LoadedData& task : data) {
    datasets.push_back(&task.dataset);
  }
  return datasets;
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
  Session(const RunConfig& config, std::span<const LoadedData> data, const RunOptions& options,
          Progress& progress)
      : config_(config),
        data_(data),
        options_(options),
        progress_(progress),
        text_(to_toml(config)),
        trainer_(config, datasets_of(data)),
        vectors_found_(options.start == RunFolder::Start::resume ? std::vector<std::string>{}
                                                                 : trainer_.take_word_vectors()),
        folder_(options.folder, options.start),
        checkpoints_(folder_.checkpoints(), config.checkpoint.keep) {
    folder_.keep_config(text_);
    const bool goes_on = options.start == RunFolder::Start::resume &&
                         resume(trainer_, checkpoints_, config, progress);
    if (!goes_on && options.start == RunFolder::Start::resume) {
      vectors_found_ = trainer_.take_word_vectors();
    }
    for (const std::string& message : vectors_found_) {
      progress.say(message);
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
    say_unlabelled();
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

  void say_unlabelled() {
    for (const LoadedData& task : data_) {
      if (const std::size_t count = task.dataset.unlabelled.size(); count > 0) {
        progress_.say(concat(task.dataset.name, ": ", count, " samples without a label ",
                             trainer_.uses_unlabelled()
                                 ? "join the batches for the discriminator of train.domain"
                                 : "are not used: nothing learns from them but train.domain"));
      }
    }
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
    const TrainedTasks& tasks = trainer_.tasks();
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
    const auto tokenizers =
        tasks.are_joint() ? std::map<std::string, std::string>{} : tokenizers_of(data_[0].dataset);
    save_weights(folder_.last_weights(),
                 {copy_of_weights(trainer_.parameters()), text_, summary.steps, tokenizers});
    save_weights(folder_.best_weights(), {trainer_.chosen_weights(), text_, best_step, tokenizers});
    load_weights(trainer_.parameters(), trainer_.chosen_weights(), "best weights");
    if (tasks.are_joint()) {
      finish_members(outcome, best_step);
    } else {
      FinalEvaluation evaluation = evaluate(tasks[0]);
      if (!is_stopped(outcome)) {
        summarise(evaluation, tasks[0].dataset, summary);
        if (const auto valid = summary.metrics.find("valid"); valid != summary.metrics.end()) {
          valid->second.merge(adversaries_at(trainer_.state(), best_step));
        }
        if (const auto watched = best_watched_epoch(trainer_.state().history)) {
          summary.metrics["test_best_epoch"] = watched->values;
        }
        outcome.test = evaluation.test;
        write_results({config_, data_[0], trainer_.state(), evaluation, summary,
                       tasks[0].modalities, options_.command},
                      folder_.path());
      }
    }
  }

  FinalEvaluation evaluate(const TrainedTask& task) const {
    return evaluate_all({*task.model, task.loss, task.modalities}, task.dataset, task.config,
                        [] { return StopSignals::received() != 0; });
  }

  bool is_stopped(RunOutcome& outcome) {
    outcome.signal = StopSignals::received();
    if (outcome.signal != 0) {
      progress_.say("stopped by a signal while evaluating; training is saved. Add --resume");
    }
    return outcome.signal != 0;
  }

  void finish_members(RunOutcome& outcome, std::int64_t best_step) {
    const TrainedTasks& tasks = trainer_.tasks();
    std::map<std::string, std::vector<Metrics>> of_split;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const FinalEvaluation evaluation = evaluate(tasks[i]);
      if (is_stopped(outcome)) {
        return;
      }
      MemberOutcome& member = outcome.members.emplace_back();
      member.name = tasks[i].name;
      member.summary = outcome.summary;
      member.summary.metrics.clear();
      member.summary.collapsed.clear();
      member.summary.parameters = count_elements(parameters_of(*tasks[i].model));
      summarise(evaluation, tasks[i].dataset, member.summary);
      for (auto& [split, metrics] : member.summary.metrics) {
        of_split[split].resize(tasks.size());
        of_split[split][i] = metrics;
      }
      for (const auto& [split, name] : member.summary.collapsed) {
        outcome.summary.collapsed[tasks[i].name + "." + split] = name;
      }
      write_member(tasks[i], data_[i], trainer_.state(), evaluation, member.summary,
                   options_.command, best_step, folder_.path() / tasks[i].name);
    }
    for (const auto& [split, of_task] : of_split) {
      outcome.summary.metrics[split] = tasks.joined(of_task);
    }
    if (const auto watched = best_watched_epoch(trainer_.state().history)) {
      outcome.summary.metrics["test_best_epoch"] = watched->values;
    }
    write_file_atomically(folder_.file("summary.json"), to_json(outcome.summary));
  }

  const RunConfig& config_;
  std::span<const LoadedData> data_;  // one per task
  const RunOptions& options_;
  Progress& progress_;
  std::string text_;
  // Before the folder: what does not fit the data, or cannot be read, must not clear an old run.
  Trainer trainer_;
  std::vector<std::string> vectors_found_;  // what is to be said of them
  RunFolder folder_;
  CheckpointFolder checkpoints_;
  std::int64_t saved_step_ = -1;  // of this session; none yet
  std::string refusal_;           // told already
};

}  // namespace

RunOutcome run_training(const RunConfig& config, const LoadedData& data,
                        const RunOptions& options) {
  return run_training(config, std::span(&data, 1), options);
}

RunOutcome run_training(const RunConfig& config, std::span<const LoadedData> data,
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
