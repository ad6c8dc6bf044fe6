#pragma once

#include "autograd/variable.h"
#include "core/tensor.h"
#include "data/batch.h"
#include "data/dataset.h"
#include "models/model.h"
#include "train/config.h"

namespace heddle {

/// classification · cross-entropy(logits, labels) + regression · distance(score, targets), each the
/// mean over the samples that have one. Padding of groups counts nowhere.
class Loss {
 public:
  /// Class weights come from the training split of `dataset`. Errors (InputError): a part that is
  /// asked for whose labels or targets the data set lacks.
  Loss(const LossConfig& config, const Dataset& dataset);

  /// One single value.
  Variable operator()(const ModelOutput& output, const SampleBatch& batch) const;

  bool classifies() const { return config_.classification > 0.0; }
  bool scores() const { return config_.regression > 0.0; }

 private:
  LossConfig config_;
  Tensor class_weights_;  // f64 [classes], undefined where all count the same
};

/// n / (classes · n_c) per class, 0 for a class without a sample: f64 [classes].
Tensor balanced_class_weights(const std::vector<std::int64_t>& counts);

}  // namespace heddle
