#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/builtin/generator.h"

namespace heddle {

/// The built-in data sets by name: what data.set of a configuration may say. The first is the
/// default.
std::vector<std::string> builtin_set_names();

/// Makes a built-in set; cues are filled for "sentiment" alone.
/// Errors (InputError): an unknown name (suggests the nearest); counts as make_builtin has them.
BuiltinData make_builtin_set(const std::string& name, const BuiltinOptions& options);

/// The best value of the figure that a run on this set is known by, that nobody who sees only these
/// modalities of it can beat: accuracy, of "translation" the share of sentences that are right, of
/// "retrieval" the mean recall of the test captions at 1, 5 and 10, in expectation (with fewer than
/// two modalities there is nothing to find: none).
/// Errors: an unknown name of a set or a modality.
std::optional<double> best_possible_in_set(const std::string& name, const BuiltinOptions& options,
                                           std::span<const std::string> modalities);

}  // namespace heddle
