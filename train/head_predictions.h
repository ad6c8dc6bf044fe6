#pragma once

#include <cstdint>
#include <vector>

#include "models/model.h"
#include "train/evaluation.h"

namespace heddle {

/// Adds what a head says of a batch, its rows of the flattened leading dimensions in this order.
void append_head(HeadPredictions& into, const HeadOutput& head,
                 const std::vector<std::int64_t>& positions, std::int64_t other_class);

/// Of each auxiliary head, over the samples that show its modality: "head_accuracy[image]" and
/// "head_mae[image]". Nothing for a modality that no sample shows.
Metrics head_metrics(const Predictions& predictions, const Dataset& dataset);

}  // namespace heddle
