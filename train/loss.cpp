#include "train/loss.h"

#include <cstdint>
#include <numeric>
#include <span>

#include "autograd/ops.h"
#include "core/error.h"
#include "train/generation.h"

namespace heddle {
namespace {

/// Labels of samples that are not shown become −1, and their targets do not count.
LossTargets shown_targets(const LossTargets& targets, const Tensor& present) {
  LossTargets shown = targets;
  if (!present.defined()) {
    return shown;
  }
  if (targets.labels.defined()) {
    const Variable one(Tensor::scalar(1.0, targets.labels.dtype(), targets.labels.device()));
    const Variable mask(present.to(targets.labels.dtype()));
    shown.labels = ((Variable(targets.labels) + one) * mask - one).value();
  }
  if (targets.targets.defined()) {
    const Tensor mask = present.to(targets.targets.dtype());
    shown.counted =
        targets.counted.defined() ? (Variable(targets.counted) * Variable(mask)).value() : mask;
  }
  return shown;
}

}  // namespace

Tensor balanced_class_weights(const std::vector<std::int64_t>& counts) {
  const auto all =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{}));
  std::vector<double> weights;
  for (const std::int64_t count : counts) {
    weights.push_back(
        count == 0 ? 0.0 : all / (static_cast<double>(counts.size()) * static_cast<double>(count)));
  }
  return Tensor::from(std::span<const double>(weights),
                      {static_cast<std::int64_t>(weights.size())});
}

Loss::Loss(const LossConfig& config, const Dataset& dataset, const TaskConfig& task)
    : config_(config), task_(task) {
  check<InputError>(!classifies() || dataset.has_labels(), "loss.classification is ",
                    config.classification, " but data set \"", dataset.name,
                    "\" has no labels; set it to 0, or name a label column");
  check<InputError>(!scores() || dataset.has_targets(), "loss.regression is ", config.regression,
                    " but data set \"", dataset.name,
                    "\" has no targets; set it to 0, or name a target column");
  classes_ = dataset.classes();
  if (classifies() && config.class_weights == ClassWeights::balanced) {
    class_weights_ = balanced_class_weights(dataset.class_counts(dataset.indices(Split::train)));
  }
}

Loss::Loss(const RunConfig& config, const Dataset& dataset) {
  if (config.task.kind == TaskKind::retrieve) {
    task_ = config.task;
    contrastive_.emplace(config, dataset);
  } else {
    *this = Loss(config.loss, dataset, config.task);
    if (config.train.auxiliary.weighting == LossWeighting::fixed) {
      head_weight_ = config.train.auxiliary.weight;
    }
  }
}

std::optional<double> Loss::learned_temperature() const {
  return contrastive_ ? contrastive_->learned_temperature() : std::nullopt;
}

std::vector<EvaluatedPair> Loss::evaluated_pairs() const {
  return contrastive_ ? contrastive_->evaluated_pairs() : std::vector<EvaluatedPair>{};
}

LossTargets Loss::targets_of(const SampleBatch& batch, DType dtype, Device device) const {
  LossTargets result;
  if (contrastive_) {
    result.pairs = contrastive_->targets_of(batch, dtype, device);
  }
  if (generates()) {
    result.labels = generation_labels(batch, task_.target, Vocabulary::end).to(device);
  }
  if (classifies()) {
    const std::vector<std::int64_t> labels = batch.labels.to_vector<std::int64_t>();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      check(labels[i] >= -1 && labels[i] < classes_, "loss: label ", labels[i], " in row ", i,
            "; expected 0 … ", classes_ - 1, ", or -1 for none");
    }
    result.labels = batch.labels.to(device);
  }
  if (scores()) {
    result.targets = batch.targets.to(dtype).to(device);
    if (batch.labelled.defined()) {
      result.counted = batch.labelled.to(dtype).to(device);
    }
    if (batch.of_groups()) {  // padding has sample −1
      result.counted =
          compare(CompareOp::greater_equal, batch.samples, Tensor::zeros_like(batch.samples))
              .to(dtype)
              .to(device);
    }
  }
  return result;
}

void Loss::add_parts(const Variable& logits, const Variable& score, const LossTargets& targets,
                     double weight, std::vector<LossPart>& parts) const {
  if (classifies() || generates()) {
    const CrossEntropyOptions options = {.label_smoothing = config_.label_smoothing,
                                         .ignore_index = -1};
    parts.push_back({cross_entropy(logits, targets.labels, weights_like(logits), options),
                     weight * config_.classification, Likelihood::classes});
  }
  if (scores()) {
    const bool is_absolute = config_.regression_kind == RegressionLoss::absolute;
    parts.push_back({is_absolute ? mean_absolute_error(score, targets.targets, targets.counted)
                                 : mean_squared_error(score, targets.targets, targets.counted),
                     weight * config_.regression,
                     is_absolute ? Likelihood::laplace : Likelihood::gaussian});
  }
}

std::vector<LossPart> Loss::parts_of(const ModelOutput& output, const LossTargets& targets) const {
  check(!contrastive_, "loss: a contrastive loss is one; expected a loss of classes or numbers");
  std::vector<LossPart> parts;
  add_parts(output.logits, output.score, targets, 1.0, parts);
  for (const HeadOutput& head : output.heads) {
    add_parts(head.logits, head.score, shown_targets(targets, head.present), head_weight_, parts);
  }
  return parts;
}

Variable Loss::operator()(const ModelOutput& output, const LossTargets& targets) const {
  return contrastive_ ? (*contrastive_)(output, targets.pairs)
                      : weighted_sum(parts_of(output, targets), output.log_variances);
}

Variable Loss::of_model(const ModelOutput& output, const LossTargets& targets) const {
  if (contrastive_) {
    return (*contrastive_)(output, targets.pairs);
  }
  std::vector<LossPart> parts;
  add_parts(output.logits, output.score, targets, 1.0, parts);
  return weighted_sum(parts, {});
}

Tensor Loss::weights_like(const Variable& logits) const {
  if (class_weights_.defined() &&
      (!sent_weights_.defined() || sent_weights_.dtype() != logits.dtype() ||
       sent_weights_.device() != logits.device())) {
    sent_weights_ = class_weights_.to(logits.dtype()).to(logits.device());
  }
  return sent_weights_;
}

}  // namespace heddle
