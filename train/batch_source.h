#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "models/model.h"
#include "train/adversary_targets.h"
#include "train/config.h"
#include "train/loss.h"

namespace heddle {

class Adversaries;

/// All that one step needs of the data, checked, cleaned and on the model's device.
struct StepBatch {
  CleanBatch inputs;
  LossTargets targets;
  AdversaryTargets origins;
  std::int64_t samples = 0;  // groups: their members
  bool ends_epoch = false;
};

/// Every tensor of the batch in a fixed order, undefined ones too.
std::vector<Tensor*> tensors_of(StepBatch& batch);
std::vector<Tensor*> tensors_of(std::vector<StepBatch>& batches);

/// The training samples in the order of a run, batch after batch, each sample with the modalities
/// it shows; with train.domain, each batch followed by samples without a label, where there are
/// any. A batch may be made ready while the device still computes the one before.
class BatchSource {
 public:
  /// What decides about all batches from one on.
  struct Place {
    BatchSampler::State sampler;
    Generator::State presence;
  };

  /// All must outlive it; `adversaries` may be null. Errors (InputError): no training samples.
  BatchSource(const TrainConfig& config, const Dataset& dataset,
              const std::vector<std::string>& modalities, Model& model, const Loss& loss,
              const Adversaries* adversaries = nullptr);

  /// The batch at `place()`, which is that of step `step` (counted from 0).
  StepBatch next(std::int64_t step);
  /// Makes ready what `next(step)` will give.
  void prepare(std::int64_t step);

  /// Of the batch that `next` will give, whether or not it was made ready.
  Place place() const;
  void restore(const Place& place);
  std::int64_t batches_per_epoch() const { return sampler_.batches_per_epoch(); }
  /// Whether batches have samples without a label.
  bool uses_unlabelled() const { return unlabelled_.has_value(); }
  /// BatchSampler::padding_share.
  double padding_share() const { return sampler_.padding_share(); }

 private:
  StepBatch make(std::int64_t step);
  std::vector<std::int64_t> unlabelled_at(std::int64_t step);

  const TrainConfig& config_;
  const Dataset& dataset_;
  const std::vector<std::string>& modalities_;
  Model& model_;
  const Loss& loss_;
  const Adversaries* adversaries_;
  BatchSampler sampler_;
  std::optional<BatchSampler> unlabelled_;
  Generator presence_;
  std::optional<StepBatch> ready_;
  Place ready_place_;  // of `ready_`
};

}  // namespace heddle
