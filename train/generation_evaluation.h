#pragma once

#include <cstdint>
#include <span>

#include "train/evaluation.h"

namespace heddle {

/// `predict` for models that write sequences: the loss is the mean over target tokens, and where
/// options.generation asks for it, every sample's text is written. Samples go through the model in
/// the order of their lengths, and come back in the order of `items`.
Predictions predict_sequences(Model& model, const Loss& loss, const Dataset& dataset,
                              std::span<const std::int64_t> items,
                              const EvaluationOptions& options);

}  // namespace heddle
