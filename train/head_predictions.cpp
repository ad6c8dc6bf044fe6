#include "train/head_predictions.h"

#include <cmath>
#include <cstddef>
#include <span>

#include "autograd/ops.h"

namespace heddle {

void append_head(HeadPredictions& into, const HeadOutput& head,
                 const std::vector<std::int64_t>& positions, std::int64_t other_class) {
  const std::vector<bool> present =
      head.present.defined() ? head.present.to_vector<bool>() : std::vector<bool>{};
  for (const std::int64_t position : positions) {
    const auto row = static_cast<std::size_t>(position);
    into.present.push_back(present.empty() || present[row] ? 1 : 0);
  }
  if (head.logits.defined()) {
    const auto classes = static_cast<std::size_t>(head.logits.size(-1));
    const std::vector<double> probabilities = softmax(head.logits).value().to_vector<double>();
    for (const std::int64_t position : positions) {
      const std::span<const double> all(probabilities);
      into.predicted.push_back(most_probable(
          all.subspan(static_cast<std::size_t>(position) * classes, classes), other_class));
    }
  }
  if (head.score.defined()) {
    const std::vector<double> scores = head.score.value().to_vector<double>();
    for (const std::int64_t position : positions) {
      into.scores.push_back(scores[static_cast<std::size_t>(position)]);
    }
  }
}

Metrics head_metrics(const Predictions& predictions, const Dataset& dataset) {
  Metrics metrics;
  for (const HeadPredictions& head : predictions.heads) {
    std::int64_t labelled = 0;
    std::int64_t right = 0;
    std::int64_t scored = 0;
    double distance = 0.0;
    for (std::size_t i = 0; i < head.present.size(); ++i) {
      if (head.present[i] == 0) {
        continue;
      }
      if (!head.predicted.empty() && predictions.labels[i] >= 0) {
        ++labelled;
        right += head.predicted[i] == predictions.labels[i] ? 1 : 0;
      }
      if (!head.scores.empty() && dataset.has_targets()) {
        ++scored;
        distance += std::abs(head.scores[i] - predictions.targets[i]);
      }
    }
    if (labelled > 0) {
      metrics["head_accuracy[" + head.modality + "]"] =
          static_cast<double>(right) / static_cast<double>(labelled);
    }
    if (scored > 0) {
      metrics["head_mae[" + head.modality + "]"] = distance / static_cast<double>(scored);
    }
  }
  return metrics;
}

}  // namespace heddle
