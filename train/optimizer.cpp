#include "train/optimizer.h"

#include <cmath>
#include <string_view>

#include "core/error.h"
#include "core/stream.h"
#include "kernels/kernels.h"

namespace heddle {

namespace {

/// Encoders call the layer Embedding so, whose only parameter is its table.
bool names_table(const std::string& name) {
  constexpr std::string_view ending = "embedding.weight";
  return name == ending || name.ends_with("." + std::string(ending));
}

const Tensor& gradient_of(const NamedParameter& parameter) {
  return parameter.variable.grad().value();
}

}  // namespace

Optimizer::Optimizer(const OptimizerConfig& config, std::vector<NamedParameter> parameters)
    : config_(config), parameters_(std::move(parameters)) {
  check(!parameters_.empty(), "optimizer: there are no parameters; expected at least one");
  const bool is_sgd = config.kind == OptimizerKind::sgd;
  for (const NamedParameter& parameter : parameters_) {
    const Tensor& value = parameter.variable.value();
    check(value.device() == parameters_.front().variable.device(), "optimizer: ", parameter.name,
          " is on ", value.device(), " but ", parameters_.front().name, " is on ",
          parameters_.front().variable.device(), "; expected one device");
    check(value.is_contiguous(), "optimizer: ", parameter.name,
          " is not contiguous; expected parameters to be whole tensors");
    Moments moments;
    if (!is_sgd || config.momentum > 0.0) {
      moments.first = Tensor::zeros_like(value);
    }
    if (!is_sgd) {
      moments.second = Tensor::zeros_like(value);
    }
    moments.decays = value.rank() >= 2;
    moments.is_table = value.rank() == 2 && names_table(parameter.name);
    moments_.push_back(std::move(moments));
  }
  scalars_ = Tensor::zeros({StepScalars::count}, DType::f64, parameters_.front().variable.device());
}

void Optimizer::begin_step(double rate_factor) {
  ++steps_;
  const auto step = static_cast<double>(steps_);
  const Tensor numbers = Tensor::from<double>(
      {step, rate_factor, 1.0 - std::pow(config_.beta1, step), 1.0 - std::pow(config_.beta2, step)},
      {StepScalars::host_count});
  scalars_.slice(0, 0, StepScalars::host_count).copy_(numbers, "begin_step");
}

void Optimizer::update(const Tensor& loss, double clip_norm) {
  std::vector<UpdateSlot> slots;
  std::vector<Tensor> gradients;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Variable& parameter = parameters_[i].variable;
    Moments& moments = moments_[i];
    gradients.push_back(parameter.grad().defined() ? gradient_of(parameters_[i]).contiguous()
                                                   : Tensor::zeros_like(parameter.value()));
    UpdateSlot& slot = slots.emplace_back();
    slot.value = parameter.value_in_place().mutable_view("optimizer step");
    slot.gradient = gradients.back().view();
    if (moments.first.defined()) {
      slot.first = moments.first.mutable_view("optimizer step");
    }
    if (moments.second.defined()) {
      slot.second = moments.second.mutable_view("optimizer step");
    }
    slot.learning_rate = config_.learning_rate;
    slot.weight_decay = moments.decays ? config_.weight_decay : 0.0;
    slot.touched_rows_only = config_.lazy_embeddings && moments.is_table;
  }
  const OptimizerKernels& kernels = kernels_for(scalars_.device()).optimizer;
  Stream& stream = current_stream(scalars_.device());
  const View scalars = scalars_.mutable_view("optimizer step");
  kernels.squared_norm(stream, slots, scalars);
  kernels.clip(stream, clip_norm, loss.view(), scalars);
  if (config_.kind == OptimizerKind::sgd) {
    kernels.sgd(stream, {config_.momentum, config_.nesterov}, scalars, slots);
    return;
  }
  const AdamOptions options = {.beta1 = config_.beta1,
                               .beta2 = config_.beta2,
                               .epsilon = config_.epsilon,
                               .decoupled_decay = config_.kind == OptimizerKind::adamw};
  kernels.adam(stream, options, scalars, slots);
}

StepScalars Optimizer::scalars() const {
  return *scalars_.to(Device{}).view().pointer<StepScalars>();
}

void Optimizer::set_sums(double loss, double gradient_norm) {
  StepScalars now = scalars();
  now.loss_sum = loss;
  now.gradient_norm_sum = gradient_norm;
  now.failed_step = 0.0;
  const Tensor numbers = Tensor::empty({StepScalars::count}, DType::f64);
  *numbers.output_view().pointer<StepScalars>() = now;
  scalars_.copy_(numbers, "set_sums");
}

void Optimizer::clear_gradients() {
  for (NamedParameter& parameter : parameters_) {
    parameter.variable.clear_grad();
  }
}

std::vector<std::pair<std::string, Tensor>> Optimizer::state() const {
  std::vector<std::pair<std::string, Tensor>> result;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (moments_[i].first.defined()) {
      result.emplace_back("first." + parameters_[i].name, moments_[i].first);
    }
    if (moments_[i].second.defined()) {
      result.emplace_back("second." + parameters_[i].name, moments_[i].second);
    }
  }
  return result;
}

}  // namespace heddle
