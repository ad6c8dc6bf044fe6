#include "train/retrieval_metrics.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {
namespace {

constexpr std::array<std::int64_t, 3> recalls = {1, 5, 10};
/// Queries scored at a time: bounds memory to so many rows of scores.
constexpr std::int64_t queries_at_a_time = 256;
constexpr const char* median_rank = "median_rank";

AnswerPlace place_in(const float* scores, const std::vector<std::int64_t>& identities,
                     std::int64_t identity) {
  float best = -std::numeric_limits<float>::infinity();
  for (std::size_t j = 0; j < identities.size(); ++j) {
    if (identities[j] == identity) {
      best = std::max(best, scores[j]);
    }
  }
  AnswerPlace place{0, 0, 0};
  for (std::size_t j = 0; j < identities.size(); ++j) {
    const bool is_right = identities[j] == identity;
    place.ahead += scores[j] > best ? 1 : 0;
    place.tied += scores[j] == best && !is_right ? 1 : 0;
    place.right += scores[j] == best && is_right ? 1 : 0;
  }
  return place;
}

std::string prefix_of(const std::string& left, const std::string& right) {
  return concat(left, "_to_", right, "_");
}

}  // namespace

std::vector<AnswerPlace> answer_places(const RetrievalSide& queries,
                                       const RetrievalSide& candidates) {
  check(queries.embeddings.size(1) == candidates.embeddings.size(1), "retrieval: queries are ",
        queries.embeddings.shape(), " and candidates ", candidates.embeddings.shape(),
        "; expected the same width");
  const std::set<std::int64_t> answered(candidates.identities.begin(), candidates.identities.end());
  const NoGrad no_grad;
  const Variable turned(candidates.embeddings.transpose(0, 1));
  std::vector<AnswerPlace> places;
  const std::int64_t count = queries.embeddings.size(0);
  for (std::int64_t begin = 0; begin < count; begin += queries_at_a_time) {
    const std::int64_t end = std::min(count, begin + queries_at_a_time);
    const Tensor scores =
        matmul(Variable(queries.embeddings.slice(0, begin, end)), turned).value().contiguous();
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t identity = queries.identities[static_cast<std::size_t>(i)];
      if (answered.contains(identity)) {
        places.push_back(place_in(scores.data<float>() + (i - begin) * scores.size(1),
                                  candidates.identities, identity));
      }
    }
  }
  return places;
}

double share_within(const AnswerPlace& place, std::int64_t k) {
  // No right answer in any of the free places: without replacement, one after the other.
  double none = 1.0;
  const std::int64_t free = k - place.ahead;
  for (std::int64_t i = 0; i < free && none > 0.0; ++i) {
    none *= static_cast<double>(std::max<std::int64_t>(place.tied - i, 0)) /
            static_cast<double>(place.tied + place.right - i);
  }
  return 1.0 - none;
}

double expected_rank(const AnswerPlace& place) {
  // The smallest of `right` numbers out of tied + right is (tied + right + 1) / (right + 1) in the
  // mean.
  return static_cast<double>(place.ahead) +
         static_cast<double>(place.tied + place.right + 1) / static_cast<double>(place.right + 1);
}

Metrics retrieval_metrics(const std::vector<AnswerPlace>& places, const std::string& left,
                          const std::string& right) {
  Metrics result;
  if (places.empty()) {
    return result;
  }
  const std::string prefix = prefix_of(left, right);
  for (const std::int64_t k : recalls) {
    double sum = 0.0;
    for (const AnswerPlace& place : places) {
      sum += share_within(place, k);
    }
    result[concat(prefix, "r", k)] = sum / static_cast<double>(places.size());
  }
  std::vector<double> ranks;
  for (const AnswerPlace& place : places) {
    ranks.push_back(expected_rank(place));
  }
  std::sort(ranks.begin(), ranks.end());
  const std::size_t middle = ranks.size() / 2;
  result[prefix + median_rank] =
      ranks.size() % 2 == 1 ? ranks[middle] : 0.5 * (ranks[middle - 1] + ranks[middle]);
  return result;
}

std::optional<RetrievalMetricName> retrieval_metric_named(const std::string& name) {
  const std::size_t joint = name.find("_to_");
  if (joint == std::string::npos || joint == 0) {
    return std::nullopt;
  }
  const std::string left = name.substr(0, joint);
  const std::string rest = name.substr(joint + 4);
  const auto ends_with = [&](const std::string& end) {
    return rest.size() > end.size() && rest.ends_with(end);
  };
  for (const std::int64_t k : recalls) {
    const std::string end = concat("_r", k);
    if (ends_with(end)) {
      return RetrievalMetricName{left, rest.substr(0, rest.size() - end.size()), k};
    }
  }
  const std::string end = concat("_", median_rank);
  if (ends_with(end)) {
    return RetrievalMetricName{left, rest.substr(0, rest.size() - end.size()), 0};
  }
  return std::nullopt;
}

}  // namespace heddle
