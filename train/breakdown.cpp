#include "train/breakdown.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "train/auc.h"

namespace heddle {
namespace {

/// The group of each sample that was predicted; each sample by itself where there are none.
std::vector<std::int64_t> clusters_of(const Predictions& predictions, const Dataset& dataset) {
  std::vector<std::int64_t> group_of(static_cast<std::size_t>(dataset.samples), -1);
  for (std::size_t g = 0; g < dataset.groups.size(); ++g) {
    for (const std::int64_t sample : dataset.groups[g].members) {
      group_of[static_cast<std::size_t>(sample)] = static_cast<std::int64_t>(g);
    }
  }
  std::vector<std::int64_t> clusters;
  const auto groups = static_cast<std::int64_t>(dataset.groups.size());
  for (const std::int64_t sample : predictions.samples) {
    const std::int64_t group = group_of[static_cast<std::size_t>(sample)];
    clusters.push_back(group >= 0 ? group : groups + sample);
  }
  return clusters;
}

void add_categories(const Predictions& predictions, const Dataset& dataset, Metrics& metrics) {
  std::map<std::string, std::pair<double, double>> counts;  // right, all
  for (std::size_t i = 0; i < predictions.samples.size(); ++i) {
    const auto sample = static_cast<std::size_t>(predictions.samples[i]);
    auto& [right, all] = counts[dataset.category_of[sample]];
    right += predictions.predicted[i] == predictions.labels[i] ? 1.0 : 0.0;
    all += 1.0;
  }
  for (const auto& [value, count] : counts) {
    metrics["accuracy[" + value + "]"] = count.first / count.second;
  }
}

}  // namespace

std::int64_t majority_class(const Dataset& dataset) {
  std::vector<std::int64_t> counts = dataset.class_counts(dataset.indices(Split::train));
  if (counts.empty()) {
    return -1;
  }
  if (dataset.other_class >= 0) {
    counts[static_cast<std::size_t>(dataset.other_class)] = -1;
  }
  return std::max_element(counts.begin(), counts.end()) - counts.begin();
}

std::optional<ConstantScores> constant_scores(const Dataset& dataset) {
  std::vector<double> targets;
  for (const std::int64_t sample : dataset.indices(Split::train)) {
    if (dataset.has_targets()) {
      targets.push_back(static_cast<double>(dataset.targets.data<float>()[sample]));
    }
  }
  if (targets.empty()) {
    return std::nullopt;
  }
  std::sort(targets.begin(), targets.end());
  const std::size_t middle = targets.size() / 2;
  const double sum = std::accumulate(targets.begin(), targets.end(), 0.0);
  return ConstantScores{.median = targets.size() % 2 == 1
                                      ? targets[middle]
                                      : 0.5 * (targets[middle - 1] + targets[middle]),
                        .mean = sum / static_cast<double>(targets.size())};
}

Metrics detailed_metrics(const Predictions& predictions, const Dataset& dataset) {
  Metrics metrics = metrics_of(predictions, dataset);
  if (!predictions.scores.empty() && !predictions.targets.empty()) {
    if (const auto constant = constant_scores(dataset)) {
      const auto always = [&](double score) {
        return regression_metrics(predictions.targets,
                                  std::vector<double>(predictions.targets.size(), score));
      };
      metrics["constant_mae"] = always(constant->median).at("mae");
      metrics["constant_mse"] = always(constant->mean).at("mse");
    }
  }
  if (predictions.predicted.empty()) {
    return metrics;
  }
  const auto majority =
      std::count(predictions.labels.begin(), predictions.labels.end(), majority_class(dataset));
  metrics["majority_accuracy"] =
      static_cast<double>(majority) / static_cast<double>(predictions.labels.size());
  if (!dataset.category_of.empty()) {
    add_categories(predictions, dataset, metrics);
  }
  if (metrics.contains("auc")) {
    std::vector<double> scores;
    for (const std::vector<double>& row : predictions.probabilities) {
      scores.push_back(row[1]);
    }
    const AucInterval interval =
        auc_interval(predictions.labels, scores, clusters_of(predictions, dataset));
    metrics["auc_low"] = interval.low;
    metrics["auc_high"] = interval.high;
  }
  return metrics;
}

std::optional<std::int64_t> collapsed_to(const Predictions& predictions) {
  const auto one_value = [](const std::vector<std::int64_t>& list) {
    return std::all_of(list.begin(), list.end(), [&](auto entry) { return entry == list[0]; });
  };
  if (predictions.predicted.empty() || !one_value(predictions.predicted) ||
      one_value(predictions.labels)) {
    return std::nullopt;
  }
  return predictions.predicted.front();
}

}  // namespace heddle
