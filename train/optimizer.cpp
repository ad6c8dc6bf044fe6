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
}

double Optimizer::gradient_norm() {
  std::vector<UpdateSlot> slots;
  std::vector<Tensor> gradients;
  for (const NamedParameter& parameter : parameters_) {
    if (parameter.variable.grad().defined()) {
      gradients.push_back(gradient_of(parameter).contiguous());
      slots.emplace_back().gradient = gradients.back().view();
    }
  }
  const Device device = parameters_.front().variable.device();
  return std::sqrt(kernels_for(device).optimizer.squared_norm(current_stream(device), slots));
}

void Optimizer::step(double rate_factor, double gradient_scale) {
  ++steps_;
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
    slot.learning_rate = config_.learning_rate * rate_factor;
    slot.weight_decay = moments.decays ? config_.weight_decay : 0.0;
    slot.touched_rows_only = config_.lazy_embeddings && moments.is_table;
  }
  const Device device = parameters_.front().variable.device();
  const OptimizerKernels& kernels = kernels_for(device).optimizer;
  Stream& stream = current_stream(device);
  if (config_.kind == OptimizerKind::sgd) {
    kernels.sgd(stream, {config_.momentum, config_.nesterov}, gradient_scale, slots);
    return;
  }
  const AdamOptions options = {.beta1 = config_.beta1,
                               .beta2 = config_.beta2,
                               .epsilon = config_.epsilon,
                               .decoupled_decay = config_.kind == OptimizerKind::adamw,
                               .step = steps_};
  kernels.adam(stream, options, gradient_scale, slots);
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

double clipping_scale(double norm, double largest) {
  return largest > 0.0 && norm > largest ? largest / norm : 1.0;
}

}  // namespace heddle
