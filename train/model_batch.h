#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "data/batch.h"
#include "data/dataset.h"
#include "models/model.h"

namespace heddle {

/// What a model must know of these modalities of a data set; empty means all. Errors (InputError):
/// an unknown modality.
std::vector<InputSpec> input_specs(const Dataset& dataset,
                                   const std::vector<std::string>& modalities = {});

/// For each modality, which samples of a batch show it: bool [B], undefined where all do.
using Presence = std::vector<Tensor>;

/// The same choice for every sample. Errors: sizes differ, or no modality is shown.
Presence presence_of_subset(const std::vector<bool>& shown, std::int64_t batch);

/// Each sample, with this probability, shows a random non-empty subset of the modalities (all
/// subsets equally likely, the whole one among them), else all. Undefined tensors where the
/// probability is 0.
Presence random_presence(std::size_t modalities, std::int64_t batch, double probability,
                         Generator& generator);

/// Each modality of each sample hidden with probability `rate`, as a function of seed, sample and
/// modality alone: what one rate hides a higher one hides too, whatever the batches. A sample keeps
/// one modality at least (the one a rising rate would hide last). Groups: per utterance, [U, B].
/// Errors: a rate outside 0 … 1.
Presence presence_at_missing_rate(const Tensor& samples, std::size_t modalities, double rate,
                                  std::uint64_t seed);

/// The batch as a model takes it, on the host. A sample shows a modality where it has it and
/// `presence` (empty: everything) lets it.
ModelBatch model_batch(const SampleBatch& batch, const Presence& presence);

/// All non-empty subsets of `count` modalities: single ones first, the whole set last.
/// Errors: count outside 1 … 16.
std::vector<std::vector<bool>> all_subsets(std::size_t count);

}  // namespace heddle
