#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/builtin/generator.h"

namespace heddle {

/// The built-in data sets by name, "sentiment" (the default) first.
std::vector<std::string> builtin_set_names();

/// Cues are those of "sentiment" alone. Errors (InputError): another name (suggests the nearest),
/// or options that do not fit.
BuiltinData make_builtin_set(std::string_view name, const BuiltinOptions& options);

/// The best value of the figure that a run on this set is known by, with these modalities alone, in
/// expectation: accuracy, or for "retrieval" the mean recall of the test captions at 1, 5 and 10.
std::optional<double> best_possible_on(std::string_view name, const BuiltinOptions& options,
                                       const std::vector<std::string>& modalities);

}  // namespace heddle
