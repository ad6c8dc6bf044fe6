#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace heddle {

/// Metrics by name; NaN where a metric is not defined (a correlation with a constant).
using Metrics = std::map<std::string, double>;

/// counts[truth][predicted].
using Confusion = std::vector<std::vector<std::int64_t>>;

/// Errors: different lengths, an entry outside 0 … classes − 1.
Confusion confusion_of(std::span<const std::int64_t> truth, std::span<const std::int64_t> predicted,
                       std::int64_t classes);

/// "accuracy", "f1_macro" (mean over the classes that occur as truth or prediction), "f1_weighted"
/// (mean over classes, weighted by how often each is the truth). A class never predicted rightly
/// has F1 0. Empty where nothing was counted.
Metrics classification_metrics(const Confusion& confusion);

/// "mae", "mse", "correlation" (Pearson). Errors: different lengths. Empty where there is nothing.
Metrics regression_metrics(std::span<const double> targets, std::span<const double> scores);

/// For graded sentiment, −3 (strongly negative) … 3 (strongly positive), as results on CMU-MOSI are
/// reported (Zadeh et al., arXiv 1606.06259; the conventions are those of Tsai et al., ACL 2019):
///   "acc7"           both rounded to the nearest whole number in −3 … 3, ties to even
///   "acc2_nonneg", "f1_nonneg"  negative against non-negative, and its F1 weighted as f1_weighted
///   "acc2_pos", "f1_pos"        negative against positive, samples whose target is 0 left out
/// Errors: different lengths.
Metrics sentiment_metrics(std::span<const double> targets, std::span<const double> scores);

/// The two Acc-2 and F1, from the predicted class: positive (1) or negative (0).
Metrics sentiment_metrics(std::span<const double> targets, std::span<const std::int64_t> predicted);

/// Whether a larger value of this metric is better. Errors (InputError): not a metric of ours;
/// suggests the nearest.
bool larger_is_better(const std::string& metric);

}  // namespace heddle
