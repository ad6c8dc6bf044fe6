#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "data/builtin/generator.h"

namespace heddle {

// What the makers of built-in sets share.

/// Errors (InputError): a negative count, no training sample, more than 10,000,000 in all.
void check_options(const BuiltinOptions& options);
/// Samples 0 … train − 1 train, then validation, then test.
void add_splits(Dataset& dataset, const BuiltinOptions& options);
/// The ways to ask two questions, four of each.
using Questions = std::array<std::array<std::string_view, 4>, 2>;
/// Each word of theirs once, in the order in which they first stand there.
std::vector<std::string> words_of(const Questions& questions);
/// Sentences as a tokens modality.
Modality sentences_modality(std::string name, std::vector<std::string> words,
                            const std::vector<std::string>& sentences);
/// The stream of one part of one sample, or of one block of samples: independent of all others.
Generator builtin_stream(std::string_view set, std::string_view part, std::uint64_t seed,
                         std::int64_t index);
/// Whether a modality is among those seen. Errors: one of `seen` that is not known.
std::vector<bool> seen_among(std::span<const std::string> seen,
                             const std::vector<std::string>& known);

}  // namespace heddle
