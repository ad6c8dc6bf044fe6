#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/tensor.h"
#include "layers/visit.h"
#include "train/config.h"

namespace heddle {

/// Adam, AdamW or SGD over all parameters of a model, one kernel call per step.
///
/// Weight decay never acts on parameters of rank 0 or 1 (biases, scales of norms). With
/// `lazy_embeddings`, rows of embedding tables without gradient in a step are left alone.
class Optimizer {
 public:
  /// `parameters` are updated in place from their gradients. Errors: none given, or parameters of
  /// different devices.
  Optimizer(const OptimizerConfig& config, std::vector<NamedParameter> parameters);

  /// √Σ g² over all parameters' gradients.
  double gradient_norm();
  /// One update with the configured learning rate times `rate_factor`, gradients times
  /// `gradient_scale`. Parameters without gradient count as having a gradient of zero.
  void step(double rate_factor, double gradient_scale);
  void clear_gradients();

  std::int64_t steps() const { return steps_; }  // updates made
  const std::vector<NamedParameter>& parameters() const { return parameters_; }

  // What a checkpoint keeps beside `steps`: (name, tensor), the tensors being the live ones. Names
  // are "first.<parameter>" and "second.<parameter>".
  std::vector<std::pair<std::string, Tensor>> state() const;
  void set_steps(std::int64_t steps) { steps_ = steps; }

 private:
  struct Moments {
    Tensor first;   // undefined where the kind has none
    Tensor second;  // adam, adamw
    bool decays = true;
    bool is_table = false;
  };

  OptimizerConfig config_;
  std::vector<NamedParameter> parameters_;
  std::vector<Moments> moments_;
  std::int64_t steps_ = 0;
};

/// What to multiply gradients by so that their global norm is at most `largest` (0: no limit).
/// Pascanu et al., arXiv 1211.5063.
double clipping_scale(double norm, double largest);

}  // namespace heddle
