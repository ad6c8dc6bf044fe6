#include "data/builtin/sets.h"

#include "core/error.h"
#include "data/builtin/translation.h"
#include "data/nearest_name.h"

namespace heddle {

const std::vector<std::string>& builtin_sets() {
  static const std::vector<std::string> names = {"sentiment", "translation"};
  return names;
}

BuiltinData make_builtin_set(const std::string& name, const BuiltinOptions& options) {
  if (name == "sentiment") {
    return make_builtin(options);
  }
  if (name == "translation") {
    return {make_builtin_translation(options), {}};
  }
  fail<InputError>("no built-in data set is named \"", name, "\"",
                   suggestion(name, builtin_sets()));
}

double best_possible_of_set(const std::string& name, const std::vector<std::string>& modalities) {
  return name == "translation" ? best_possible_translation(modalities)
                               : best_possible_accuracy(modalities);
}

}  // namespace heddle
