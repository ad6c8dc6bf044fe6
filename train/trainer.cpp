#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/tape.h"
#include "core/error.h"
#include "data/batch.h"
#include "train/trained_model.h"

namespace heddle {

namespace {

BatchSampler sampler_for(const RunConfig& config, const Dataset& dataset, const Model& model) {
  const std::vector<std::int64_t> items = items_of(dataset, Split::train, model);
  check<InputError>(!items.empty(), "data set \"", dataset.name, "\" has no training samples");
  const std::uint64_t seed = Generator(config.train.seed).named("order").state().stream;
  return BatchSampler(items, {.batch_size = config.train.batch_size}, config.train.seed ^ seed);
}

std::int64_t count_samples(const SampleBatch& batch) {
  if (!batch.of_groups()) {
    return batch.size();
  }
  std::int64_t members = 0;
  for (const std::int64_t length : batch.group_lengths.to_vector<std::int64_t>()) {
    members += length;
  }
  return members;
}

std::int64_t total_steps_for(const TrainConfig& train, std::int64_t steps_per_epoch) {
  const std::int64_t by_epochs = checked_multiply(train.epochs, steps_per_epoch, "train.epochs");
  return train.max_steps > 0 ? std::min(train.max_steps, by_epochs) : by_epochs;
}

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

}  // namespace

Trainer::Trainer(const RunConfig& config, const Dataset& dataset)
    : config_(config),
      dataset_(dataset),
      modalities_(modalities_used(config, dataset)),
      loss_(config.loss, dataset),
      model_(model_for(config, dataset, loss_)),
      optimizer_(config.optimizer, parameters_of(*model_)),
      sampler_(sampler_for(config, dataset, *model_)),
      total_steps_(total_steps_for(config.train, sampler_.batches_per_epoch())),
      schedule_(config.schedule, total_steps_, sampler_.batches_per_epoch()),
      presence_generator_(Generator(config.train.seed).named("modality dropout")),
      generators_(generators_of(*model_)) {
  generators_.push_back({"modality_dropout", &presence_generator_});
  static_cast<void>(larger_is_better(config.train.select));
  if (config.train.average_decay > 0.0) {
    average_.emplace(optimizer_.parameters(), config.train.average_decay);
  }
  set_training(*model_, true);
}

Trainer::Attempt Trainer::forward_backward(const SampleBatch& batch, const Presence& presence) {
  const Variable& first = optimizer_.parameters().front().variable;
  Tape tape;
  const ModelOutput output = (*model_)(model_batch(batch, presence, first.dtype(), first.device()));
  const Variable loss = loss_(output, batch);
  tape.backward(loss);
  return {loss.item<double>(), optimizer_.gradient_norm()};
}

Trainer::Step Trainer::step() {
  check(!finished(), "trainer: all ", total_steps_, " steps are done");
  const std::vector<std::int64_t> items = sampler_.next();
  const SampleBatch batch = model_->takes_groups() ? collate_groups(dataset_, items, modalities_)
                                                   : collate(dataset_, items, modalities_);
  const bool hides = state_.step / steps_per_epoch() >= config_.train.modality_dropout_start;
  const Presence presence =
      random_presence(modalities_.size(), batch.size(),
                      hides ? config_.train.modality_dropout : 0.0, presence_generator_);
  std::vector<Generator::State> generators;
  for (const NamedGenerator& generator : generators_) {
    generators.push_back(generator.generator->state());
  }
  const Attempt attempt = forward_backward(batch, presence);
  if (!std::isfinite(attempt.loss) || !std::isfinite(attempt.gradient_norm)) {
    explain_failure(attempt, batch, presence, generators);
  }
  const double rate_factor = schedule_.factor(state_.step);
  optimizer_.step(rate_factor, clipping_scale(attempt.gradient_norm, config_.train.clip_norm));
  optimizer_.clear_gradients();
  ++state_.step;
  if (average_) {
    average_->update(state_.step);
  }
  record_step(attempt, rate_factor);
  return {attempt.loss, count_samples(batch), sampler_.at_epoch_start()};
}

void Trainer::explain_failure(const Attempt& attempt, const SampleBatch& batch,
                              const Presence& presence,
                              const std::vector<Generator::State>& generators) {
  optimizer_.clear_gradients();
  std::string origin = "it did not appear again when the step was run a second time";
  for (std::size_t i = 0; i < generators.size(); ++i) {
    *generators_[i].generator = Generator(generators[i]);
  }
  try {
    const DetectAnomaly detect;
    static_cast<void>(forward_backward(batch, presence));
  } catch (const NumericError& error) {
    origin = error.what();
  }
  optimizer_.clear_gradients();
  const bool in_loss = !std::isfinite(attempt.loss);
  fail<NumericError>("step ", state_.step + 1, ": the ", in_loss ? "loss" : "gradient's norm",
                     " is ", in_loss ? attempt.loss : attempt.gradient_norm,
                     "; first seen: ", origin, ". Lower optimizer.learning_rate (now ",
                     config_.optimizer.learning_rate, "), set train.clip_norm (now ",
                     config_.train.clip_norm, "), or look for extreme values in the data");
}

void Trainer::record_step(const Attempt& attempt, double rate_factor) {
  ++state_.means.steps;
  state_.means.loss += attempt.loss;
  state_.means.gradient_norm += attempt.gradient_norm;
  if (state_.step % config_.train.log_every != 0 && state_.step != total_steps_) {
    return;
  }
  const auto steps = static_cast<double>(state_.means.steps);
  state_.history.push_back({state_.step,
                            (state_.step - 1) / steps_per_epoch() + 1,
                            "train",
                            {{"loss", state_.means.loss / steps},
                             {"gradient_norm", state_.means.gradient_norm / steps},
                             {"learning_rate", config_.optimizer.learning_rate * rate_factor}}});
  state_.means = {};
}

Metrics Trainer::end_epoch() {
  const std::int64_t epoch = (state_.step - 1) / steps_per_epoch() + 1;
  Metrics metrics;
  if (!items_of(dataset_, Split::valid, *model_).empty()) {
    metrics = metrics_of(evaluate(Split::valid), dataset_);
    check<NumericError>(std::isfinite(metrics.at("loss")), "after step ", state_.step,
                        ": the validation loss is not finite, so the weights are not either. "
                        "Lower optimizer.learning_rate (now ",
                        config_.optimizer.learning_rate, ") or set train.clip_norm (now ",
                        config_.train.clip_norm, ")");
    state_.history.push_back({state_.step, epoch, "valid", metrics});
    record_best(metrics);
  }
  if (config_.train.watch_test && !items_of(dataset_, Split::test, *model_).empty()) {
    state_.history.push_back(
        {state_.step, epoch, "test", metrics_of(evaluate(Split::test), dataset_)});
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
    const auto samples = static_cast<double>(dataset_.indices(Split::valid).size());
    bound -= std::sqrt(value * (1.0 - value) / samples);
  }
  while (is_better(bound, candidates.front().value)) {
    candidates.erase(candidates.begin());
    best_.erase(best_.begin());
  }
}

bool Trainer::finished() const { return state_.step >= total_steps_ || state_.stopped_early; }

std::vector<NamedTensor> Trainer::evaluated_weights() const {
  std::vector<NamedTensor> weights = copy_of_weights(optimizer_.parameters());
  for (std::size_t i = 0; average_ && i < weights.size(); ++i) {
    weights[i].tensor = average_->values()[i].tensor.clone();
  }
  return weights;
}

std::vector<NamedTensor> Trainer::chosen_weights() const {
  return best_.empty() ? evaluated_weights() : best_.front();
}

Predictions Trainer::evaluate(Split split, const std::vector<bool>& shown, bool keep_attention) {
  EvaluationOptions options;
  options.batch_size = evaluation_batch_size(config_.train);
  options.modalities = modalities_;
  options.shown = shown;
  options.keep_attention = keep_attention;
  std::optional<BorrowedWeights> borrowed;
  if (average_) {
    borrowed.emplace(optimizer_.parameters(), average_->values());
  }
  return predict(*model_, loss_, dataset_, items_of(dataset_, split, *model_), options);
}

}  // namespace heddle
