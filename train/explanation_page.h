#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "train/config.h"
#include "train/explanation.h"

namespace heddle {

/// One HTML page of explanations, which needs no network: of each sample what was said and why, the
/// share of each modality, words, cells, windows and features by what leaving them out does.
std::string explanation_page(const RunConfig& config, const Dataset& dataset,
                             const std::vector<std::string>& modalities,
                             const std::vector<Explanation>& explanations);

/// The same as JSON: {"run", "samples": [{"sample", "truth", "predicted", "value", "nothing",
/// "shapley": {modality: share}, "subsets": [{"modalities", "value"}], "parts": [{"modality",
/// "kind", "effects", …}], "attention"}]}.
std::string explanation_json(const RunConfig& config, const Dataset& dataset,
                             const std::vector<std::string>& modalities,
                             const std::vector<Explanation>& explanations);

}  // namespace heddle
