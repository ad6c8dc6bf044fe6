#pragma once

#include <optional>
#include <vector>

#include "autograd/variable.h"
#include "core/tensor.h"
#include "data/batch.h"
#include "data/dataset.h"
#include "models/model.h"
#include "train/config.h"
#include "train/contrastive_loss.h"
#include "train/loss_weighting.h"

namespace heddle {

/// What a batch's predictions are held against, on the device of the model.
struct LossTargets {
  Tensor labels;   // i64, shaped as the logits but for the classes, −1: none; undefined without
  Tensor targets;  // of the score's type and shape; undefined without
  Tensor counted;  // the same, 1 or 0: whether a target counts; undefined: all do
  std::vector<PairTargets> pairs;  // of a contrastive loss, one per pair of modalities
};

/// For task.kind = "retrieve" a ContrastiveLoss; else
/// classification · cross-entropy(logits, labels) + regression · distance(score, targets), each the
/// mean over the samples that have one. Padding of groups counts nowhere.
///
/// task.kind = "generate" in place of that: classification · cross-entropy(logits, tokens of the
/// target and its end), the mean over tokens.
class Loss {
 public:
  /// Class weights come from the training split of `dataset`. Errors (InputError): a part that is
  /// asked for whose labels or targets the data set lacks.
  Loss(const LossConfig& config, const Dataset& dataset, const TaskConfig& task = {});
  /// The loss of the run's task. Errors (InputError): also a modality of task.pairs that the run
  /// does not use.
  Loss(const RunConfig& config, const Dataset& dataset);

  /// Errors: a label that is no class.
  LossTargets targets_of(const SampleBatch& batch, DType dtype, Device device) const;

  /// One single value. Reads nothing on the host. Of a model with auxiliary heads
  /// (models/auxiliary_heads.h) with the losses of its heads, each over the samples that show its
  /// modality: `parts_of`, weighted.
  Variable operator()(const ModelOutput& output, const LossTargets& targets) const;
  /// The same of the model itself, without its heads, whatever was learned about weights.
  Variable of_model(const ModelOutput& output, const LossTargets& targets) const;
  /// What is added up: cross-entropy and distance of the model, then of each head. Errors: a
  /// contrastive loss, which has no parts.
  std::vector<LossPart> parts_of(const ModelOutput& output, const LossTargets& targets) const;
  /// How many parts one output has, be it the model's or a head's.
  std::int64_t parts() const { return (classifies() ? 1 : 0) + (scores() ? 1 : 0); }

  bool classifies() const { return !contrastive_ && !generates() && config_.classification > 0.0; }
  const TaskConfig& task() const { return task_; }
  bool generates() const { return task_.kind == TaskKind::generate; }
  bool scores() const { return !contrastive_ && config_.regression > 0.0; }
  /// Of a contrastive loss that learns it: where its temperature begins.
  std::optional<double> learned_temperature() const;
  /// Pairs of modalities to evaluate by how one finds the other; empty for other tasks.
  std::vector<EvaluatedPair> evaluated_pairs() const;

 private:
  Tensor weights_like(const Variable& logits) const;
  void add_parts(const Variable& logits, const Variable& score, const LossTargets& targets,
                 double weight, std::vector<LossPart>& parts) const;

  LossConfig config_;
  TaskConfig task_;
  double head_weight_ = 1.0;
  std::optional<ContrastiveLoss> contrastive_;
  std::int64_t classes_ = 0;
  Tensor class_weights_;         // f64 [classes], undefined where all count the same
  mutable Tensor sent_weights_;  // the same in the type and on the device used last
};

/// n / (classes · n_c) per class, 0 for a class without a sample: f64 [classes].
Tensor balanced_class_weights(const std::vector<std::int64_t>& counts);

}  // namespace heddle
