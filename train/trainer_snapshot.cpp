#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "train/trainer.h"

namespace heddle {

namespace {

/// The stream that hides modalities, among those of the models.
std::string presence_name(const TrainedTask& task) {
  return task.name.empty() ? "modality_dropout" : task.name + ".modality_dropout";
}

/// What begins the names of parameters that are trained against the model (no input is called so).
constexpr std::string_view adversary_prefix = "adversary.";

void append(std::vector<NamedTensor>& into, std::string_view prefix,
            const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors) {
    into.push_back({concat(prefix, tensor.name), tensor.tensor});
  }
}

std::vector<NamedTensor> with_prefix(const std::vector<NamedTensor>& tensors,
                                     std::string_view prefix) {
  std::vector<NamedTensor> found;
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name.starts_with(prefix)) {
      found.push_back({tensor.name.substr(prefix.size()), tensor.tensor});
    }
  }
  return found;
}

const Tensor& find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const NamedTensor& tensor) { return tensor.name == name; });
  check<InputError>(found != tensors.end(), "the checkpoint lacks \"", name,
                    "\"; it belongs to another model or optimiser");
  return found->tensor;
}

/// Copies a tensor of a checkpoint into a live one.
void restore_into(Tensor live, const std::vector<NamedTensor>& tensors, const std::string& name) {
  const Tensor& saved = find(tensors, name);
  check<InputError>(saved.shape() == live.shape() && saved.dtype() == live.dtype(),
                    "the checkpoint's \"", name, "\" is ", saved.dtype(), " ", saved.shape(),
                    "; expected ", live.dtype(), " ", live.shape());
  live.copy_(saved.to(live.device()), "restore");
}

}  // namespace

Snapshot Trainer::snapshot() const {
  Snapshot snapshot;
  const StepScalars found = optimizer_.scalars();
  check<NumericError>(found.failed_step == 0.0, "step ", found.failed_step,
                      ": loss or gradient is not finite; nothing after it can be saved");
  snapshot.state = state_;
  snapshot.state.means.loss = found.loss_sum;
  snapshot.state.means.gradient_norm = found.gradient_norm_sum;
  const std::vector<BatchSource::Place> now = places();
  snapshot.state.sampler = now[0].sampler;
  snapshot.state.other_samplers.clear();
  for (std::size_t i = 0; i < now.size(); ++i) {
    snapshot.state.generators[presence_name(tasks_[i])] = now[i].presence;
    if (i > 0) {
      snapshot.state.other_samplers.push_back(now[i].sampler);
    }
  }
  for (const NamedGenerator& generator : generators_) {
    snapshot.state.generators[generator.name] = generator.generator->state();
  }
  append(snapshot.tensors, "weights.", copy_of_weights(parameters_));
  for (const NamedParameter& parameter : optimizer_.parameters()) {
    if (parameter.name.starts_with(adversary_prefix)) {
      snapshot.tensors.push_back({parameter.name, parameter.variable.value().clone()});
    }
  }
  for (const auto& [name, tensor] : optimizer_.state()) {
    snapshot.tensors.push_back({name, tensor.clone()});
  }
  if (average_) {
    for (const NamedTensor& value : average_->values()) {
      snapshot.tensors.push_back({"average." + value.name, value.tensor.clone()});
    }
  }
  for (std::size_t i = 0; i < best_.size(); ++i) {
    append(snapshot.tensors, concat("best.", i, "."), best_[i]);
  }
  return snapshot;
}

void Trainer::restore(const Snapshot& snapshot) {
  const RunState& state = snapshot.state;
  check<InputError>(0 <= state.step && state.step <= total_steps_, "the checkpoint is of step ",
                    state.step, ", but this run has ", total_steps_);
  load_weights(parameters_, with_prefix(snapshot.tensors, "weights."), "checkpoint");
  for (const NamedParameter& parameter : optimizer_.parameters()) {
    if (parameter.name.starts_with(adversary_prefix)) {
      Variable handle = parameter.variable;
      restore_into(handle.value_in_place(), snapshot.tensors, parameter.name);
    }
  }
  for (const auto& [name, tensor] : optimizer_.state()) {
    restore_into(tensor, snapshot.tensors, name);
  }
  optimizer_.set_steps(state.step);
  if (average_) {
    for (NamedTensor& value : average_->values()) {
      restore_into(value.tensor, snapshot.tensors, "average." + value.name);
    }
  }
  best_.clear();
  for (std::size_t i = 0; i < state.candidates.size(); ++i) {
    best_.push_back(with_prefix(snapshot.tensors, concat("best.", i, ".")));
  }
  const auto stream = [&](const std::string& name) {
    const auto found = state.generators.find(name);
    check<InputError>(found != state.generators.end(), "the checkpoint lacks the random stream \"",
                      name, "\"");
    return found->second;
  };
  for (const NamedGenerator& generator : generators_) {
    generator.generator->restore(stream(generator.name));
  }
  check<InputError>(state.other_samplers.size() + 1 == sources_.size(), "the checkpoint is of ",
                    state.other_samplers.size() + 1, " tasks, but this run has ", sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    sources_[i]->restore(
        {i == 0 ? state.sampler : state.other_samplers[i - 1], stream(presence_name(tasks_[i]))});
  }
  optimizer_.set_sums(state.means.loss, state.means.gradient_norm);
  starts_.clear();
  state_ = state;
}

}  // namespace heddle
