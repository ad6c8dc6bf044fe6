#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "train/config.h"
#include "train/evaluation.h"
#include "train/results.h"

namespace heddle {

/// What a finished model says of a data set.
struct FinalEvaluation {
  Predictions train;
  Predictions valid;
  Predictions test;  // with attention
  std::vector<SubsetResult> subsets;
  Metrics beside;  // of models that write sequences: evaluate_beside
};

struct EvaluatedModel {
  Model& model;
  const Loss& loss;
  const std::vector<std::string>& modalities;  // those the model is fed, in its order
};

Predictions evaluate_split(const EvaluatedModel& evaluated, const Dataset& dataset,
                           const RunConfig& config, Split split, bool keep_attention = false);

/// Accuracy with every non-empty subset of up to 8 modalities, the others masked; empty where there
/// are no classes, or only one modality. `stopped`, where given, is asked between subsets.
std::vector<SubsetResult> evaluate_subsets(const EvaluatedModel& evaluated, const Dataset& dataset,
                                           const RunConfig& config, Split split,
                                           const std::function<bool()>& stopped = {});

/// The same with all metrics, of models without classes too. Errors (InputError): more than 8
/// modalities.
std::vector<SubsetResult> metrics_of_subsets(const EvaluatedModel& evaluated,
                                             const Dataset& dataset, const RunConfig& config,
                                             Split split);

/// With some modalities shown (in the model's order), the others masked.
Predictions evaluate_shown(const EvaluatedModel& evaluated, const Dataset& dataset,
                           const RunConfig& config, Split split, const std::vector<bool>& shown);

/// The metrics where each modality of each sample is missing with each of these probabilities
/// (presence_at_missing_rate). Errors (InputError): a rate outside 0 … 1.
std::vector<MissingRateResult> metrics_at_missing_rates(const EvaluatedModel& evaluated,
                                                        const Dataset& dataset,
                                                        const RunConfig& config, Split split,
                                                        const std::vector<double>& rates,
                                                        std::uint64_t seed);

/// Models that write sequences: BLEU of the test split with a modality beside the source hidden
/// ("bleu_without_image"), and with that of another sample in its place ("bleu_exchanged_image":
/// Elliott, EMNLP 2018), for each such modality.
Metrics evaluate_beside(const EvaluatedModel& evaluated, const Dataset& dataset,
                        const RunConfig& config, const std::function<bool()>& stopped = {});

/// Evaluates all splits, and every subset of the modalities on the test split where the
/// configuration asks for it. `stopped`, where given, is asked between parts; true ends early with
/// what there is.
FinalEvaluation evaluate_all(const EvaluatedModel& evaluated, const Dataset& dataset,
                             const RunConfig& config, const std::function<bool()>& stopped = {});

/// The detailed metrics of each split that has samples, by the split's name.
std::map<std::string, Metrics> metrics_by_split(const FinalEvaluation& evaluation,
                                                const Dataset& dataset);

}  // namespace heddle
