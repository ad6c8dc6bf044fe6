#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/tensor.h"
#include "kernels/optimizer.h"
#include "layers/visit.h"
#include "train/config.h"

namespace heddle {

/// Adam, AdamW or SGD over all parameters of a model, one kernel call per step. What changes from
/// step to step stands on the parameters' device (StepScalars), so that a step needs no word from
/// the host and can be captured and replayed.
///
/// Weight decay never acts on parameters of rank 0 or 1 (biases, scales of norms). With
/// `lazy_embeddings`, rows of embedding tables without gradient in a step are left alone.
class Optimizer {
 public:
  /// `parameters` are updated in place from their gradients. Errors: none given, or parameters of
  /// different devices.
  Optimizer(const OptimizerConfig& config, std::vector<NamedParameter> parameters);

  /// Tells the device the numbers of the next update, whose learning rate is the configured one
  /// times `rate_factor`. Not part of what is captured.
  void begin_step(double rate_factor);
  /// That update. Gradients are scaled down to a global norm of `clip_norm` (0: no limit);
  /// parameters without gradient count as having a gradient of zero. Where `loss` (one value) or
  /// the norm is not finite nothing is updated, in this step and all later ones, until
  /// `set_sums`. Waits for nothing.
  void update(const Tensor& loss, double clip_norm);
  /// Both, for loops that need neither schedule nor clipping.
  void step(const Tensor& loss) {
    begin_step(1.0);
    update(loss, 0.0);
  }
  void clear_gradients();

  /// What the device found in the steps so far; waits for it.
  StepScalars scalars() const;
  /// Starts the sums of losses and norms from these; forgets a failed step.
  void set_sums(double loss, double gradient_norm);

  std::int64_t steps() const { return steps_; }  // updates begun
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
  Tensor scalars_;  // StepScalars, on the parameters' device
  std::int64_t steps_ = 0;
};

}  // namespace heddle
