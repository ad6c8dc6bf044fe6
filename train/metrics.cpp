#include "train/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "data/nearest_name.h"
#include "train/retrieval_metrics.h"

namespace heddle {

namespace {

double ratio(double part, double whole) { return whole > 0.0 ? part / whole : 0.0; }

void check_lengths(std::size_t left, std::size_t right, const char* what) {
  check(left == right, what, ": ", left, " true values and ", right,
        " predicted ones; expected as many");
}

Metrics two_way_accuracies(std::span<const double> targets, const std::vector<bool>& nonnegative,
                           const std::vector<bool>& positive) {
  Confusion with_zeros(2, std::vector<std::int64_t>(2, 0));
  Confusion without = with_zeros;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    ++with_zeros[targets[i] >= 0.0 ? 1 : 0][nonnegative[i] ? 1 : 0];
    if (targets[i] != 0.0) {
      ++without[targets[i] > 0.0 ? 1 : 0][positive[i] ? 1 : 0];
    }
  }
  Metrics result = {{"acc2_nonneg", 0.0}, {"f1_nonneg", 0.0}, {"acc2_pos", 0.0}, {"f1_pos", 0.0}};
  const auto add = [&](const Confusion& confusion, const char* accuracy, const char* f1) {
    const Metrics found = classification_metrics(confusion);
    if (!found.empty()) {
      result[accuracy] = found.at("accuracy");
      result[f1] = found.at("f1_weighted");
    }
  };
  add(with_zeros, "acc2_nonneg", "f1_nonneg");
  add(without, "acc2_pos", "f1_pos");
  return result;
}

/// Nearest whole number, ties to even, whatever the rounding mode.
double rounded_sentiment(double value) {
  const double clamped = std::clamp(value, -3.0, 3.0);
  const double below = std::floor(clamped);
  const double part = clamped - below;
  if (part != 0.5) {
    return part < 0.5 ? below : below + 1.0;
  }
  return std::fmod(below, 2.0) == 0.0 ? below : below + 1.0;
}

}  // namespace

Confusion confusion_of(std::span<const std::int64_t> truth, std::span<const std::int64_t> predicted,
                       std::int64_t classes) {
  check_lengths(truth.size(), predicted.size(), "confusion matrix");
  const auto count = static_cast<std::size_t>(classes);
  Confusion result(count, std::vector<std::int64_t>(count, 0));
  for (std::size_t i = 0; i < truth.size(); ++i) {
    check(0 <= truth[i] && truth[i] < classes && 0 <= predicted[i] && predicted[i] < classes,
          "confusion matrix: entry ", i, " is class ", truth[i], " predicted as ", predicted[i],
          "; expected 0 … ", classes - 1);
    ++result[static_cast<std::size_t>(truth[i])][static_cast<std::size_t>(predicted[i])];
  }
  return result;
}

Metrics classification_metrics(const Confusion& confusion) {
  double all = 0.0;
  double right = 0.0;
  double f1_sum = 0.0;
  double f1_weighted = 0.0;
  double occurring = 0.0;
  for (std::size_t c = 0; c < confusion.size(); ++c) {
    double truths = 0.0;
    double predictions = 0.0;
    for (std::size_t other = 0; other < confusion.size(); ++other) {
      truths += static_cast<double>(confusion[c][other]);
      predictions += static_cast<double>(confusion[other][c]);
    }
    const auto hits = static_cast<double>(confusion[c][c]);
    const double f1 = ratio(2.0 * hits, truths + predictions);
    occurring += truths + predictions > 0.0 ? 1.0 : 0.0;
    f1_sum += f1;
    f1_weighted += f1 * truths;
    all += truths;
    right += hits;
  }
  if (all == 0.0) {
    return {};
  }
  return {{"accuracy", right / all},
          {"f1_macro", f1_sum / occurring},
          {"f1_weighted", f1_weighted / all}};
}

Metrics regression_metrics(std::span<const double> targets, std::span<const double> scores) {
  check_lengths(targets.size(), scores.size(), "regression metrics");
  if (targets.empty()) {
    return {};
  }
  const auto count = static_cast<double>(targets.size());
  double absolute = 0.0;
  double squared = 0.0;
  double target_mean = 0.0;
  double score_mean = 0.0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const double difference = scores[i] - targets[i];
    absolute += std::abs(difference);
    squared += difference * difference;
    target_mean += targets[i] / count;
    score_mean += scores[i] / count;
  }
  double covariance = 0.0;
  double target_spread = 0.0;
  double score_spread = 0.0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const double t = targets[i] - target_mean;
    const double s = scores[i] - score_mean;
    covariance += t * s;
    target_spread += t * t;
    score_spread += s * s;
  }
  const double spread = std::sqrt(target_spread * score_spread);
  return {{"mae", absolute / count},
          {"mse", squared / count},
          {"correlation",
           spread > 0.0 ? covariance / spread : std::numeric_limits<double>::quiet_NaN()}};
}

Metrics sentiment_metrics(std::span<const double> targets, std::span<const double> scores) {
  check_lengths(targets.size(), scores.size(), "sentiment metrics");
  if (targets.empty()) {
    return {};
  }
  std::vector<bool> nonnegative;
  std::vector<bool> positive;
  double same = 0.0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    nonnegative.push_back(scores[i] >= 0.0);
    positive.push_back(scores[i] > 0.0);
    same += rounded_sentiment(scores[i]) == rounded_sentiment(targets[i]) ? 1.0 : 0.0;
  }
  Metrics result = two_way_accuracies(targets, nonnegative, positive);
  result["acc7"] = same / static_cast<double>(targets.size());
  return result;
}

Metrics sentiment_metrics(std::span<const double> targets,
                          std::span<const std::int64_t> predicted) {
  check_lengths(targets.size(), predicted.size(), "sentiment metrics");
  if (targets.empty()) {
    return {};
  }
  std::vector<bool> positive;
  for (const std::int64_t label : predicted) {
    positive.push_back(label == 1);
  }
  return two_way_accuracies(targets, positive, positive);
}

bool larger_is_better(const std::string& metric) {
  static const std::vector<std::string> larger = {
      "accuracy", "auc",  "f1_macro",    "f1_weighted", "acc2_nonneg", "acc2_pos", "f1_nonneg",
      "f1_pos",   "acc7", "correlation", "recall_mean", "bleu",        "exact"};
  static const std::vector<std::string> smaller = {"loss", "mae", "mse", "perplexity"};
  const auto in = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), metric) != names.end();
  };
  if (const auto retrieval = retrieval_metric_named(metric)) {
    return retrieval->k > 0;
  }
  std::vector<std::string> all = smaller;
  all.insert(all.end(), larger.begin(), larger.end());
  check<InputError>(in(all), "metric \"", metric, "\" is not known", suggestion(metric, all));
  return in(larger);
}

}  // namespace heddle
