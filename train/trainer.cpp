#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/error.h"
#include "core/stream.h"
#include "train/embedding_vectors.h"
#include "train/trained_model.h"

namespace heddle {

namespace {

std::int64_t total_steps_for(const TrainConfig& train, std::int64_t steps_per_epoch) {
  const std::int64_t by_epochs = checked_multiply(train.epochs, steps_per_epoch, "train.epochs");
  return train.max_steps > 0 ? std::min(train.max_steps, by_epochs) : by_epochs;
}

/// Whether the host knows a number of the device without waiting for it.
bool knows_at_once(Device device) { return device.backend == Backend::cpu; }

bool wants_graphs(const TrainConfig& train, Device device) {
  return train.graph.value_or(device.backend == Backend::cuda) && device.backend != Backend::cpu;
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
      loss_(config, dataset),
      model_(model_for(config, dataset, loss_)),
      parameters_(parameters_of(*model_)),
      optimizer_(config.optimizer, learned_parameters()),
      batches_(config_.train, dataset_, modalities_, *model_, loss_,
               adversaries_ ? &*adversaries_ : nullptr),
      total_steps_(total_steps_for(config.train, batches_.batches_per_epoch())),
      schedule_(config.schedule, total_steps_, batches_.batches_per_epoch()),
      generators_(generators_of(*model_)) {
  static_cast<void>(larger_is_better(config.train.select));
  if (config.train.average_decay > 0.0) {
    average_.emplace(parameters_, config.train.average_decay);
  }
  if (config.train.attack.kind != AttackKind::none) {
    attack_.emplace(config.train.attack, optimizer_.parameters());
  }
  if (wants_graphs(config.train, model_->device())) {
    graphs_.emplace(model_->device(), generators_);
  }
  set_training(*model_, true);
}

/// Of the model and of what is trained against it.
std::vector<NamedParameter> Trainer::learned_parameters() {
  freeze_word_tables(config_, parameters_);
  std::vector<NamedParameter> learned;
  for (const NamedParameter& parameter : parameters_) {
    if (parameter.variable.needs_grad()) {
      learned.push_back(parameter);
    }
  }
  if (Adversaries::are_wanted(config_.train)) {
    adversaries_.emplace(config_, dataset_, *model_);
    for (const NamedParameter& parameter : parameters_of(*adversaries_)) {
      learned.push_back({"adversary." + parameter.name, parameter.variable});
    }
  }
  return learned;
}

std::vector<std::string> Trainer::take_word_vectors() {
  if (config_.model.tokens.vectors.empty()) {
    return {};
  }
  const std::vector<std::string> found = heddle::take_word_vectors(config_, dataset_, parameters_);
  if (average_) {
    average_.emplace(parameters_, config_.train.average_decay);
  }
  return found;
}

void Trainer::begin_adversaries(std::int64_t step) {
  if (adversaries_) {
    adversaries_->begin_step(static_cast<double>(step) / static_cast<double>(total_steps_));
  }
}

void Trainer::forward_backward(const StepBatch& batch, Variable& loss) {
  optimizer_.clear_gradients();
  Tape tape;
  const ModelOutput output = model_->forward(batch.inputs);
  loss = loss_(output, batch.targets);
  // What is told and looked at is the loss alone; a gradient that is not finite is noticed as well.
  tape.backward(adversaries_ ? loss + (*adversaries_)(output, batch.origins) : loss);
  if (attack_) {
    attack_->run([&] {
      Tape moved;
      moved.backward(loss_(model_->forward(batch.inputs), batch.targets));
    });
  }
}

/// All of a step that happens on the device. It may be captured: it takes what differs between
/// steps from the device alone.
void Trainer::train_on(const StepBatch& batch) {
  Variable loss;
  forward_backward(batch, loss);
  optimizer_.update(loss.value(), config_.train.clip_norm);
  optimizer_.clear_gradients();
  if (average_) {
    average_->update();
  }
}

Trainer::Step Trainer::step() {
  check(!finished(), "trainer: all ", total_steps_, " steps are done");
  const Device device = model_->device();
  const MathScope math(device, config_.train.math);
  StepStart& start = starts_.emplace_back(StepStart{state_.step, batches_.place(), {}});
  for (const NamedGenerator& generator : generators_) {
    start.generators.push_back(generator.generator->state());
  }
  StepBatch batch = batches_.next(state_.step);
  const double rate_factor = schedule_.factor(state_.step);
  optimizer_.begin_step(rate_factor);
  begin_adversaries(state_.step);
  if (average_) {
    average_->begin_step(state_.step + 1);
  }
  if (graphs_) {
    graphs_->run(batch, [this](const StepBatch& given) { train_on(given); });
  } else {
    train_on(batch);
  }
  ++state_.step;
  ++state_.means.steps;
  if (device.backend != Backend::cpu && !finished()) {
    batches_.prepare(state_.step);  // while the device computes
  }
  Step result{.loss = {}, .samples = batch.samples, .ends_epoch = batch.ends_epoch};
  const bool logs = state_.step % config_.train.log_every == 0 || state_.step == total_steps_;
  if (knows_at_once(device) || logs) {
    const double before = state_.means.loss;
    const auto steps = static_cast<double>(starts_.size());
    settle();
    result.loss = steps == 1.0 ? last_loss_ : (state_.means.loss - before) / steps;
  }
  if (logs) {
    note_history(rate_factor);
  }
  return result;
}

void Trainer::settle() {
  const StepScalars found = optimizer_.scalars();
  if (found.failed_step != 0.0) {
    explain_failure(found);
  }
  state_.means.loss = found.loss_sum;
  state_.means.gradient_norm = found.gradient_norm_sum;
  last_loss_ = found.loss;
  starts_.clear();
}

void Trainer::explain_failure(const StepScalars& found) {
  const auto failed = static_cast<std::int64_t>(found.failed_step) - 1;
  const auto start = std::find_if(starts_.begin(), starts_.end(),
                                  [&](const StepStart& one) { return one.step == failed; });
  check(start != starts_.end(), "trainer: step ", failed + 1, " failed, but it was not noted");
  const auto go_back = [&] {
    batches_.restore(start->batch);
    for (std::size_t i = 0; i < generators_.size(); ++i) {
      generators_[i].generator->restore(start->generators[i]);
    }
    optimizer_.clear_gradients();
  };
  go_back();
  std::string origin = "it did not appear again when the step was run a second time";
  try {
    const DetectAnomaly detect;
    const MathScope math(model_->device(), config_.train.math);
    Variable loss;
    begin_adversaries(failed);
    forward_backward(batches_.next(failed), loss);
  } catch (const NumericError& error) {
    origin = error.what();
  }
  go_back();
  state_.means.steps -= state_.step - failed;
  state_.step = failed;
  optimizer_.set_steps(failed);
  optimizer_.set_sums(found.loss_sum, found.gradient_norm_sum);
  state_.means.loss = found.loss_sum;
  state_.means.gradient_norm = found.gradient_norm_sum;
  starts_.clear();
  const bool in_loss = !std::isfinite(found.loss);
  fail<NumericError>("step ", failed + 1, ": the ", in_loss ? "loss" : "gradient's norm", " is ",
                     in_loss ? found.loss : found.gradient_norm, "; first seen: ", origin,
                     ". Lower optimizer.learning_rate (now ", config_.optimizer.learning_rate,
                     "), set train.clip_norm (now ", config_.train.clip_norm,
                     "), or look for extreme values in the data");
}

/// A line of means over the steps since the last one, which are then forgotten.
void Trainer::note_history(double rate_factor) {
  const auto steps = static_cast<double>(state_.means.steps);
  state_.history.push_back({state_.step,
                            (state_.step - 1) / steps_per_epoch() + 1,
                            "train",
                            {{"loss", state_.means.loss / steps},
                             {"gradient_norm", state_.means.gradient_norm / steps},
                             {"learning_rate", config_.optimizer.learning_rate * rate_factor}}});
  state_.means = {};
  optimizer_.set_sums(0.0, 0.0);
}

std::string Trainer::graph_refusal() const {
  if (graphs_) {
    return graphs_->refusal();
  }
  return config_.train.graph.value_or(false)
             ? "device cpu runs each kernel at once and has nothing to gain from a graph"
             : "";
}

Metrics Trainer::end_epoch() {
  settle();
  const std::int64_t epoch = (state_.step - 1) / steps_per_epoch() + 1;
  Metrics metrics;
  if (!items_of(dataset_, Split::valid, *model_).empty()) {
    Adversaries::Tallies tallies;
    metrics = metrics_of(evaluate(Split::valid, {}, false, &tallies), dataset_);
    metrics.merge(Adversaries::metrics_of(tallies));
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
  std::vector<NamedTensor> weights = copy_of_weights(parameters_);
  for (std::size_t i = 0; average_ && i < weights.size(); ++i) {
    weights[i].tensor = average_->values()[i].tensor.clone();
  }
  return weights;
}

std::vector<NamedTensor> Trainer::chosen_weights() const {
  return best_.empty() ? evaluated_weights() : best_.front();
}

Predictions Trainer::evaluate(Split split, const std::vector<bool>& shown, bool keep_attention,
                              Adversaries::Tallies* tallies) {
  EvaluationOptions options;
  options.batch_size = evaluation_batch_size(config_.train);
  options.modalities = modalities_;
  options.shown = shown;
  options.keep_attention = keep_attention;
  if (loss_.generates()) {
    options.generation.emplace();  // one hypothesis
  }
  if (adversaries_ && tallies != nullptr) {
    options.watch = [&](const ModelOutput& output, const SampleBatch& batch) {
      adversaries_->count(output, batch, *tallies);
    };
  }
  std::optional<BorrowedWeights> borrowed;
  if (average_) {
    borrowed.emplace(parameters_, average_->values());
  }
  return predict(*model_, loss_, dataset_, items_of(dataset_, split, *model_), options);
}

}  // namespace heddle
