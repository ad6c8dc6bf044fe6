#include "train/retrieval.h"

#include <algorithm>
#include <set>
#include <span>

#include "core/error.h"

namespace heddle {

SearchItems search_items(const Predictions& predictions, const Dataset& dataset,
                         const std::string& modality) {
  const auto found =
      std::find_if(predictions.embeddings.begin(), predictions.embeddings.end(),
                   [&](const ModalityEmbeddings& entry) { return entry.modality == modality; });
  check(found != predictions.embeddings.end(), "retrieval: there are no embeddings of \"", modality,
        "\"");
  const bool once = dataset.modality(modality).info.per_identity;
  SearchItems items;
  std::vector<float> values;
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < predictions.samples.size(); ++i) {
    const std::int64_t sample = predictions.samples[i];
    const std::int64_t identity = dataset.identity_of(sample);
    if (found->present[i] == 0 || (once && !seen.insert(identity).second)) {
      continue;
    }
    const auto begin = found->values.begin() + static_cast<std::ptrdiff_t>(i) * found->width;
    values.insert(values.end(), begin, begin + found->width);
    items.side.identities.push_back(identity);
    items.samples.push_back(sample);
  }
  items.side.embeddings =
      Tensor::from(std::span<const float>(values),
                   {static_cast<std::int64_t>(items.samples.size()), found->width});
  return items;
}

Metrics retrieval_metrics(const Predictions& predictions, const Dataset& dataset) {
  Metrics result;
  double recalls = 0.0;
  std::int64_t count = 0;
  for (const EvaluatedPair& pair : predictions.pairs) {
    const SearchItems left = search_items(predictions, dataset, pair.names.left);
    const SearchItems right = search_items(predictions, dataset, pair.names.right);
    const Metrics there =
        retrieval_metrics(answer_places(left.side, right.side), pair.names.left, pair.names.right);
    const Metrics back =
        retrieval_metrics(answer_places(right.side, left.side), pair.names.right, pair.names.left);
    for (const Metrics& direction : {there, back}) {
      for (const auto& [name, value] : direction) {
        const auto parts = retrieval_metric_named(name);
        const bool counts = pair.is_trained && parts && parts->k > 0;
        recalls += counts ? value : 0.0;
        count += counts ? 1 : 0;
      }
      result.insert(direction.begin(), direction.end());
    }
  }
  if (count > 0) {
    result["recall_mean"] = recalls / static_cast<double>(count);
  }
  return result;
}

}  // namespace heddle
