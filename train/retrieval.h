#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "train/evaluation.h"
#include "train/retrieval_metrics.h"

namespace heddle {

/// What of the evaluated samples can be searched by one modality: a modality that belongs to the
/// identity (a picture with five captions) counts once for each identity; samples without it are
/// left out.
struct SearchItems {
  RetrievalSide side;
  std::vector<std::int64_t> samples;  // one per item; of several the first
};

/// Errors: the predictions have no embeddings of that modality.
SearchItems search_items(const Predictions& predictions, const Dataset& dataset,
                         const std::string& modality);

/// Recalls and ranks of every evaluated pair, both directions, and "recall_mean": the mean of all
/// recalls of the pairs that were trained on. Empty for predictions without embeddings.
Metrics retrieval_metrics(const Predictions& predictions, const Dataset& dataset);

}  // namespace heddle
