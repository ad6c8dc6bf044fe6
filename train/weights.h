#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "data/safetensors.h"
#include "layers/visit.h"

namespace heddle {

/// SHA-256 of all parameters in visiting order: of each, its name and shape as text ("name [2, 3]
/// f32\n"), then its elements, little-endian.
std::string weights_sha256(const std::vector<NamedParameter>& parameters);

/// Copies of the values as they are now.
std::vector<NamedTensor> copy_of_weights(const std::vector<NamedParameter>& parameters);

/// Puts `weights` into the parameters. Errors (InputError): a parameter that is missing or has
/// another shape or type, a tensor that no parameter is named after; `source` says whose fault.
void load_weights(const std::vector<NamedParameter>& parameters,
                  std::span<const NamedTensor> weights, const std::string& source);

/// An exponential average of a model's weights over the steps:
///   average = d·average + (1 − d)·weights,  d = min(decay, (1 + step) / (10 + step)),
/// so that it forgets where training began.
class WeightAverage {
 public:
  WeightAverage(std::vector<NamedParameter> parameters, double decay);

  /// Tells the device the numbers of the update after step `step`, counted from 1. Not part of what
  /// is captured.
  void begin_step(std::int64_t step);
  void update();
  std::vector<NamedTensor>& values() { return values_; }
  const std::vector<NamedTensor>& values() const { return values_; }

 private:
  std::vector<NamedParameter> parameters_;
  std::vector<NamedTensor> values_;
  double decay_;
  Tensor shares_;  // d and 1 − d of this step: f64 [2], on the parameters' device
};

}  // namespace heddle
