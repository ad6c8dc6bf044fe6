#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "train/trainer.h"

// What a trainer does between epochs: it evaluates, and keeps the best weights.

namespace heddle {

namespace {

/// Puts other weights into a model while it lives.
class BorrowedWeights {
 public:
  BorrowedWeights(const std::vector<NamedParameter>& parameters,
                  const std::vector<NamedTensor>& weights)
      : parameters_(parameters), own_(copy_of_weights(parameters)) {
    load_weights(parameters_, weights, "averaged weights");
  }
  ~BorrowedWeights() {
    for (std::size_t i = 0; i < own_.size(); ++i) {
      Variable handle = parameters_[i].variable;
      handle.value_in_place().copy_(own_[i].tensor, "BorrowedWeights");
    }
  }
  BorrowedWeights(const BorrowedWeights&) = delete;
  BorrowedWeights& operator=(const BorrowedWeights&) = delete;

 private:
  const std::vector<NamedParameter>& parameters_;
  std::vector<NamedTensor> own_;
};

EvaluationOptions options_of(const TrainedTask& task) {
  EvaluationOptions options;
  options.batch_size = evaluation_batch_size(task.config.train);
  options.modalities = task.modalities;
  if (task.loss.generates()) {
    options.generation.emplace();  // one hypothesis
  }
  return options;
}

Predictions predict_task(const TrainedTask& task, Split split, const EvaluationOptions& options) {
  return predict(*task.model, task.loss, task.dataset, items_of(task.dataset, split, *task.model),
                 options);
}

}  // namespace

Metrics Trainer::end_epoch() {
  settle();
  const std::int64_t epoch = (state_.step - 1) / steps_per_epoch() + 1;
  Adversaries::Tallies tallies;
  Metrics metrics = metrics_of_split(Split::valid, &tallies);
  if (!metrics.empty()) {
    check<NumericError>(std::isfinite(metrics.at("loss")), "after step ", state_.step,
                        ": the validation loss is not finite, so the weights are not either. "
                        "Lower optimizer.learning_rate (now ",
                        config_.optimizer.learning_rate, ") or set train.clip_norm (now ",
                        config_.train.clip_norm, ")");
    metrics.merge(Adversaries::metrics_of(tallies));
    state_.history.push_back({state_.step, epoch, "valid", metrics});
    record_best(metrics);
  }
  if (config_.train.watch_test) {
    if (const Metrics watched = metrics_of_split(Split::test); !watched.empty()) {
      state_.history.push_back({state_.step, epoch, "test", watched});
    }
  }
  return metrics;
}

void Trainer::record_best(const Metrics& metrics) {
  const std::string& select = config_.train.select;
  const auto found = metrics.find(select);
  check<InputError>(found != metrics.end(), "train.select is \"", select,
                    "\", which this model and this data do not give; choose \"loss\"");
  const double value = found->second;
  const bool larger = larger_is_better(select);
  const auto is_better = [larger](double left, double right) {
    return larger ? left > right : left < right;
  };
  auto& candidates = state_.candidates;
  if (std::isnan(value) || (!candidates.empty() && !is_better(value, candidates.back().value))) {
    ++state_.epochs_without_gain;
    state_.stopped_early =
        config_.train.patience > 0 && state_.epochs_without_gain >= config_.train.patience;
    return;
  }
  state_.epochs_without_gain = 0;
  candidates.push_back({state_.step, value});
  best_.push_back(evaluated_weights());
  double bound = value;
  if (config_.train.choose == ChooseRule::one_standard_error) {
    const auto samples = static_cast<double>(tasks_[0].dataset.indices(Split::valid).size());
    bound -= std::sqrt(value * (1.0 - value) / samples);
  }
  while (is_better(bound, candidates.front().value)) {
    candidates.erase(candidates.begin());
    best_.erase(best_.begin());
  }
}

bool Trainer::finished() const { return state_.step >= total_steps_ || state_.stopped_early; }

std::vector<NamedTensor> Trainer::evaluated_weights() const {
  std::vector<NamedTensor> weights = copy_of_weights(parameters_);
  for (std::size_t i = 0; average_ && i < weights.size(); ++i) {
    weights[i].tensor = average_->values()[i].tensor.clone();
  }
  return weights;
}

std::vector<NamedTensor> Trainer::chosen_weights() const {
  return best_.empty() ? evaluated_weights() : best_.front();
}

Predictions Trainer::evaluate(Split split, const std::vector<bool>& shown, bool keep_attention) {
  std::optional<BorrowedWeights> borrowed;
  if (average_) {
    borrowed.emplace(parameters_, average_->values());
  }
  EvaluationOptions options = options_of(tasks_[0]);
  options.shown = shown;
  options.keep_attention = keep_attention;
  return predict_task(tasks_[0], split, options);
}

Metrics Trainer::metrics_of_split(Split split, Adversaries::Tallies* tallies) {
  std::optional<BorrowedWeights> borrowed;
  if (average_) {
    borrowed.emplace(parameters_, average_->values());
  }
  std::vector<Metrics> of_task;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const TrainedTask& task = tasks_[i];
    EvaluationOptions options = options_of(task);
    if (adversaries_ && tallies != nullptr) {
      options.watch = [&](const ModelOutput& output, const SampleBatch& batch) {
        adversaries_->count(output, batch, *tallies);
      };
    }
    const bool is_empty = items_of(task.dataset, split, *task.model).empty();
    of_task.push_back(is_empty ? Metrics{}
                               : metrics_of(predict_task(task, split, options), task.dataset));
    if (options.watch && !is_empty && sources_[i]->uses_unlabelled()) {
      predict(*task.model, task.loss, task.dataset, task.dataset.unlabelled, options);
    }
  }
  return tasks_.joined(of_task);
}

}  // namespace heddle
