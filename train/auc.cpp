#include "train/auc.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "core/random.h"

namespace heddle {
namespace {

void check_inputs(std::span<const std::int64_t> truth, std::span<const double> scores) {
  check(truth.size() == scores.size(), "AUC: ", truth.size(), " true classes and ", scores.size(),
        " scores; expected as many");
  for (const std::int64_t one : truth) {
    check(one == 0 || one == 1, "AUC: a true class is ", one, "; expected 0 or 1");
  }
}

/// A score that is not a number is neither above nor below another: there is no order to judge.
bool has_no_order(std::span<const double> scores) {
  return std::any_of(scores.begin(), scores.end(), [](double one) { return std::isnan(one); });
}

std::vector<std::size_t> order_of(std::span<const double> scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return scores[left] < scores[right];
  });
  return order;
}

/// With sample i counted weights[i] times, `order` being by rising score.
double weighted_auc(std::span<const std::int64_t> truth, std::span<const double> scores,
                    const std::vector<std::size_t>& order, const std::vector<double>& weights) {
  double below = 0.0;  // of class 0, with a lower score
  double pairs = 0.0;  // won
  double positives = 0.0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    double ones = 0.0;
    double zeros = 0.0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
      (truth[order[end]] == 1 ? ones : zeros) += weights[order[end]];
    }
    pairs += ones * (below + 0.5 * zeros);
    below += zeros;
    positives += ones;
    begin = end;
  }
  return positives > 0.0 && below > 0.0 ? pairs / (positives * below)
                                        : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double auc(std::span<const std::int64_t> truth, std::span<const double> scores) {
  check_inputs(truth, scores);
  if (has_no_order(scores)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return weighted_auc(truth, scores, order_of(scores), std::vector<double>(truth.size(), 1.0));
}

AucInterval auc_interval(std::span<const std::int64_t> truth, std::span<const double> scores,
                         std::span<const std::int64_t> clusters, std::int64_t resamples) {
  check_inputs(truth, scores);
  check(clusters.size() == truth.size(), "AUC: ", clusters.size(), " clusters for ", truth.size(),
        " samples; expected as many");
  std::map<std::int64_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    members[clusters[i]].push_back(i);
  }
  std::vector<const std::vector<std::size_t>*> list;
  for (const auto& [cluster, samples] : members) {
    list.push_back(&samples);
  }
  const std::vector<std::size_t> order = order_of(scores);
  Generator generator = Generator(0).named("bootstrap");
  std::vector<double> areas;
  const std::int64_t drawings = list.empty() || has_no_order(scores) ? 0 : resamples;
  for (std::int64_t r = 0; r < drawings; ++r) {
    std::vector<double> weights(truth.size());
    for (std::size_t drawn = 0; drawn < list.size(); ++drawn) {
      for (const std::size_t i : *list[generator.below(list.size())]) {
        weights[i] += 1.0;
      }
    }
    const double area = weighted_auc(truth, scores, order, weights);
    if (!std::isnan(area)) {
      areas.push_back(area);
    }
  }
  if (areas.empty()) {
    const double none = std::numeric_limits<double>::quiet_NaN();
    return {none, none};
  }
  std::sort(areas.begin(), areas.end());
  // Linear between the two nearest, as NumPy's percentile has it.
  const auto percentile = [&](double share) {
    const double place = share * static_cast<double>(areas.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, areas.size() - 1);
    return areas[below] + (place - std::floor(place)) * (areas[above] - areas[below]);
  };
  return {percentile(0.025), percentile(0.975)};
}

}  // namespace heddle
