#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "train/metrics.h"

namespace heddle {

/// One side of a search: items with what they show.
struct RetrievalSide {
  Tensor embeddings;                     // f32 [items, width]
  std::vector<std::int64_t> identities;  // one per item
};

/// Where the right answers to one query stand. The best of them decides, as the field counts a
/// picture with five captions (Hodosh et al., JAIR 2013).
struct AnswerPlace {
  std::int64_t ahead = 0;  // wrong answers with a higher score than the best right one
  std::int64_t tied = 0;   // wrong answers with the same score
  std::int64_t right = 1;  // right answers with that score
};

/// Places of the answers to every query that has one among the candidates. An item is never an
/// answer to itself only in that queries and candidates are different modalities. Scores are
/// products of embeddings (cosines, for those of length 1). Errors: widths differ.
std::vector<AnswerPlace> answer_places(const RetrievalSide& queries,
                                       const RetrievalSide& candidates);

/// The probability that a right answer is among the first `k` where ties are in random order: a
/// model that gives everything the same score is at chance, not at the top.
double share_within(const AnswerPlace& place, std::int64_t k);
/// Of the first right answer, from 1, where ties are in random order.
double expected_rank(const AnswerPlace& place);

/// "r1", "r5", "r10" (shares) and "median_rank" of the places, each behind "<left>_to_<right>_".
Metrics retrieval_metrics(const std::vector<AnswerPlace>& places, const std::string& left,
                          const std::string& right);

/// What a name made by retrieval_metrics says.
struct RetrievalMetricName {
  std::string left;
  std::string right;
  std::int64_t k = 0;  // of a recall; 0: the median rank
};
/// Nothing where the name is none of those.
std::optional<RetrievalMetricName> retrieval_metric_named(const std::string& name);

}  // namespace heddle
