#pragma once

#include <cstdint>
#include <optional>

#include "data/dataset.h"
#include "train/evaluation.h"
#include "train/metrics.h"

namespace heddle {

/// The class most frequent in the training split (the first of several), the one of other answers
/// aside; −1 without classes.
std::int64_t majority_class(const Dataset& dataset);

/// The one score that is best for all training samples by absolute error (their targets' median; of
/// two, the mean of both) and by squared error (their mean). Absent without targets.
struct ConstantScores {
  double median = 0.0;
  double mean = 0.0;
};
std::optional<ConstantScores> constant_scores(const Dataset& dataset);

/// metrics_of, and what is told of a finished model beside it:
///   "majority_accuracy"     of always saying majority_class
///   "accuracy[V]"           of the samples whose category is V (Dataset::category)
///   "constant_mae", "constant_mse"  of a score that is always the same: the median (mean) of the
///                           targets of the training split, which is the best such one there
///   "auc_low", "auc_high"   of two classes: 95 % interval of "auc", by groups where there are any
Metrics detailed_metrics(const Predictions& predictions, const Dataset& dataset);

/// The one class that all predictions are of, where the truth is of several: a model that has
/// collapsed. Nothing else.
std::optional<std::int64_t> collapsed_to(const Predictions& predictions);

}  // namespace heddle
