#include "train/weights.h"

#include <algorithm>
#include <cstdint>

#include "autograd/ops.h"
#include "core/error.h"
#include "data/nearest_name.h"
#include "data/sha256.h"

namespace heddle {

std::string weights_sha256(const std::vector<NamedParameter>& parameters) {
  Sha256 digest;
  for (const auto& [name, variable] : parameters) {
    const Tensor& value = variable.value();
    digest.update(concat(name, " ", value.shape(), " ", value.dtype(), "\n"));
    digest.update(value.to(Device{}));
  }
  return digest.finish();
}

std::vector<NamedTensor> copy_of_weights(const std::vector<NamedParameter>& parameters) {
  std::vector<NamedTensor> copies;
  for (const auto& [name, variable] : parameters) {
    copies.push_back({name, variable.value().clone()});
  }
  return copies;
}

void load_weights(const std::vector<NamedParameter>& parameters,
                  std::span<const NamedTensor> weights, const std::string& source) {
  std::vector<std::string> known;
  for (const auto& [name, variable] : parameters) {
    known.push_back(name);
  }
  for (const NamedTensor& weight : weights) {
    check<InputError>(std::find(known.begin(), known.end(), weight.name) != known.end(), source,
                      ": tensor \"", weight.name, "\" is no parameter of this model",
                      suggestion(weight.name, known));
  }
  for (const auto& [name, variable] : parameters) {
    const auto found = std::find_if(weights.begin(), weights.end(),
                                    [&](const NamedTensor& w) { return w.name == name; });
    check<InputError>(found != weights.end(), source, ": parameter \"", name,
                      "\" is missing; expected the weights of this very model");
    const Tensor& value = variable.value();
    check<InputError>(
        found->tensor.shape() == value.shape() && found->tensor.dtype() == value.dtype(), source,
        ": \"", name, "\" is ", found->tensor.dtype(), " ", found->tensor.shape(),
        "; this model has ", value.dtype(), " ", value.shape());
    Variable handle = variable;
    handle.value_in_place().copy_(found->tensor.to(value.device()), "load_weights");
  }
}

WeightAverage::WeightAverage(std::vector<NamedParameter> parameters, double decay)
    : parameters_(std::move(parameters)),
      values_(copy_of_weights(parameters_)),
      decay_(decay),
      shares_(Tensor::zeros({2}, DType::f64, parameters_.front().variable.device())) {}

void WeightAverage::begin_step(std::int64_t step) {
  const auto made = static_cast<double>(step);
  const double decay = std::min(decay_, (1.0 + made) / (10.0 + made));
  shares_.copy_(Tensor::from<double>({decay, 1.0 - decay}, {2}), "WeightAverage");
}

void WeightAverage::update() {
  const NoGrad no_grad;
  const Tensor shares = shares_.to(parameters_.front().variable.dtype());
  const Variable of_average(shares.select(0, 0));
  const Variable of_weights(shares.select(0, 1));
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].variable.needs_grad()) {
      continue;  // frozen: its average is itself, and stays so to the bit
    }
    const Variable average(values_[i].tensor);
    const Variable blend = average * of_average + parameters_[i].variable * of_weights;
    values_[i].tensor.copy_(blend.value(), "WeightAverage");
  }
}

}  // namespace heddle
