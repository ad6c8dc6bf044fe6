#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/builtin/generator.h"

namespace heddle {

/// The names of the built-in data sets, the default first: "sentiment" (make_builtin),
/// "translation" (data/builtin/translation.h).
const std::vector<std::string>& builtin_sets();

/// The set of that name. Errors (InputError): no set goes by it (suggests the nearest); as
/// check_builtin_options.
BuiltinData make_builtin_set(const std::string& name, const BuiltinOptions& options);

/// The best accuracy that is possible with these modalities (of "translation": the best share of
/// sentences that are right).
double best_possible_of_set(const std::string& name, const std::vector<std::string>& modalities);

}  // namespace heddle
