#pragma once

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

/// The accuracy that nobody who sees only these modalities of the set can beat; of "translation"
/// the share of sentences that are right.
/// Errors: an unknown name of a set or a modality.
double best_possible_in_set(const std::string& name, std::span<const std::string> modalities);

}  // namespace heddle
