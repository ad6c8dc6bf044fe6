#include "train/loss.h"

#include <cstdint>
#include <numeric>
#include <span>

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {

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

Loss::Loss(const LossConfig& config, const Dataset& dataset) : config_(config) {
  check<InputError>(!classifies() || dataset.has_labels(), "loss.classification is ",
                    config.classification, " but data set \"", dataset.name,
                    "\" has no labels; set it to 0, or name a label column");
  check<InputError>(!scores() || dataset.has_targets(), "loss.regression is ", config.regression,
                    " but data set \"", dataset.name,
                    "\" has no targets; set it to 0, or name a target column");
  if (classifies() && config.class_weights == ClassWeights::balanced) {
    class_weights_ = balanced_class_weights(dataset.class_counts(dataset.indices(Split::train)));
  }
}

Variable Loss::operator()(const ModelOutput& output, const SampleBatch& batch) const {
  Variable total;
  if (classifies()) {
    const DType dtype = output.logits.dtype();
    const Device device = output.logits.device();
    const CrossEntropyOptions options = {.label_smoothing = config_.label_smoothing,
                                         .ignore_index = -1};
    const Tensor weights =
        class_weights_.defined() ? class_weights_.to(dtype).to(device) : Tensor();
    total = cross_entropy(output.logits, batch.labels.to(device), weights, options) *
            config_.classification;
  }
  if (scores()) {
    const DType dtype = output.score.dtype();
    const Device device = output.score.device();
    const Tensor targets = batch.targets.to(dtype).to(device);
    Tensor counted;  // padding of groups has sample −1
    if (batch.of_groups()) {
      counted = compare(CompareOp::greater_equal, batch.samples, Tensor::zeros_like(batch.samples))
                    .to(dtype)
                    .to(device);
    }
    const Variable distance = config_.regression_kind == RegressionLoss::absolute
                                  ? mean_absolute_error(output.score, targets, counted)
                                  : mean_squared_error(output.score, targets, counted);
    const Variable part = distance * config_.regression;
    total = total.defined() ? total + part : part;
  }
  return total;
}

}  // namespace heddle
