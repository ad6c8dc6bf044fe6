#include "train/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/error.h"
#include "core/stream.h"
#include "train/embedding_vectors.h"

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

std::vector<std::unique_ptr<BatchSource>> sources_of(const TrainedTasks& tasks,
                                                     const Adversaries* adversaries) {
  std::vector<std::unique_ptr<BatchSource>> sources;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const TrainedTask& task = tasks[i];
    sources.push_back(std::make_unique<BatchSource>(
        task.config.train, task.dataset, task.modalities, *task.model, task.loss, adversaries));
  }
  return sources;
}

std::int64_t epoch_of(const RunConfig& config,
                      const std::vector<std::unique_ptr<BatchSource>>& sources) {
  std::int64_t steps = config.task.epoch_steps;
  for (std::size_t i = 0; config.task.epoch_steps == 0 && i < sources.size(); ++i) {
    steps = std::max(steps, sources[i]->batches_per_epoch());
  }
  return steps;
}

}  // namespace

Trainer::Trainer(const RunConfig& config, const Dataset& dataset)
    : Trainer(config, std::array<const Dataset*, 1>{&dataset}) {}

Trainer::Trainer(const RunConfig& config, std::span<const Dataset* const> datasets)
    : config_(config),
      tasks_(config, datasets),
      parameters_(tasks_.parameters()),
      optimizer_(config.optimizer, learned_parameters()),
      sources_(sources_of(tasks_, adversaries_ ? &*adversaries_ : nullptr)),
      steps_per_epoch_(epoch_of(config, sources_)),
      total_steps_(total_steps_for(config.train, steps_per_epoch_)),
      schedule_(config.schedule, total_steps_, steps_per_epoch_),
      generators_(tasks_.generators()) {
  static_cast<void>(larger_is_better(config.train.select));
  if (config.train.average_decay > 0.0) {
    average_.emplace(parameters_, config.train.average_decay);
  }
  if (config.train.attack.kind != AttackKind::none) {
    attack_.emplace(config.train.attack, optimizer_.parameters());
  }
  if (wants_graphs(config.train, model().device())) {
    graphs_.emplace(model().device(), generators_);
  }
  tasks_.set_training(true);
}

/// Of the models and of what is trained against one.
std::vector<NamedParameter> Trainer::learned_parameters() {
  freeze_word_tables(config_, parameters_);
  std::vector<NamedParameter> learned;
  for (const NamedParameter& parameter : parameters_) {
    if (parameter.variable.needs_grad()) {
      learned.push_back(parameter);
    }
  }
  if (Adversaries::are_wanted(config_.train)) {
    adversaries_.emplace(config_, tasks_[0].dataset, model());
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
  const std::vector<std::string> found =
      heddle::take_word_vectors(config_, tasks_[0].dataset, parameters_);
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

std::vector<StepBatch> Trainer::next_batches(std::int64_t step) {
  std::vector<StepBatch> batches;
  for (const auto& source : sources_) {
    batches.push_back(source->next(step));
  }
  return batches;
}

std::vector<BatchSource::Place> Trainer::places() const {
  std::vector<BatchSource::Place> places;
  for (const auto& source : sources_) {
    places.push_back(source->place());
  }
  return places;
}

void Trainer::forward_backward(const std::vector<StepBatch>& batches, Variable& loss) {
  optimizer_.clear_gradients();
  Tape tape;
  if (adversaries_) {
    const ModelOutput output = model().forward(batches[0].inputs);
    loss = tasks_[0].loss(output, batches[0].targets);
    // What is told and looked at is the loss alone; a gradient that is not finite is noticed as
    // well.
    tape.backward(loss + (*adversaries_)(output, batches[0].origins));
  } else {
    loss = tasks_.loss(batches);
    tape.backward(loss);
  }
  if (attack_) {
    attack_->run([&] {
      Tape moved;
      moved.backward(tasks_.loss(batches));
    });
  }
}

/// All of a step that happens on the device. It may be captured: it takes what differs between
/// steps from the device alone.
void Trainer::train_on(const std::vector<StepBatch>& batches) {
  Variable loss;
  forward_backward(batches, loss);
  optimizer_.update(loss.value(), config_.train.clip_norm);
  optimizer_.clear_gradients();
  if (average_) {
    average_->update();
  }
}

Trainer::Step Trainer::step() {
  check(!finished(), "trainer: all ", total_steps_, " steps are done");
  const Device device = model().device();
  const MathScope math(device, config_.train.math);
  StepStart& start = starts_.emplace_back(StepStart{state_.step, places(), {}});
  for (const NamedGenerator& generator : generators_) {
    start.generators.push_back(generator.generator->state());
  }
  std::vector<StepBatch> batches = next_batches(state_.step);
  const double rate_factor = schedule_.factor(state_.step);
  optimizer_.begin_step(rate_factor);
  begin_adversaries(state_.step);
  if (average_) {
    average_->begin_step(state_.step + 1);
  }
  if (graphs_) {
    graphs_->run(batches, [this](const StepGraphs::Batches& given) { train_on(given); });
  } else {
    train_on(batches);
  }
  ++state_.step;
  ++state_.means.steps;
  if (device.backend != Backend::cpu && !finished()) {
    for (const auto& source : sources_) {
      source->prepare(state_.step);  // while the device computes
    }
  }
  Step result{.loss = {}, .samples = 0, .ends_epoch = state_.step % steps_per_epoch_ == 0};
  for (const StepBatch& batch : batches) {
    result.samples += batch.samples;
  }
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
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      sources_[i]->restore(start->places[i]);
    }
    for (std::size_t i = 0; i < generators_.size(); ++i) {
      generators_[i].generator->restore(start->generators[i]);
    }
    optimizer_.clear_gradients();
  };
  go_back();
  std::string origin = "it did not appear again when the step was run a second time";
  try {
    const DetectAnomaly detect;
    const MathScope math(model().device(), config_.train.math);
    Variable loss;
    begin_adversaries(failed);
    forward_backward(next_batches(failed), loss);
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

}  // namespace heddle
