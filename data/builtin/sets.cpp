#include "data/builtin/sets.h"

#include "core/error.h"
#include "data/builtin/answering.h"
#include "data/builtin/record.h"
#include "data/builtin/translation.h"
#include "data/nearest_name.h"

namespace heddle {
namespace {

struct BuiltinSet {
  const char* name;
  BuiltinData (*make)(const BuiltinOptions&);
  double (*best)(std::span<const std::string>);
};

const std::vector<BuiltinSet>& sets() {
  static const std::vector<BuiltinSet> list = {
      {"sentiment", make_builtin, best_possible_accuracy},
      {"answering", make_answering, best_possible_answering},
      {"record", make_record, best_possible_record},
      {"translation",
       [](const BuiltinOptions& options) -> BuiltinData {
         return {make_builtin_translation(options), {}};
       },
       best_possible_translation},
  };
  return list;
}

const BuiltinSet& set_named(const std::string& name) {
  for (const BuiltinSet& set : sets()) {
    if (set.name == name) {
      return set;
    }
  }
  fail<InputError>("unknown built-in data set \"", name, "\"",
                   suggestion(name, builtin_set_names()));
}

}  // namespace

std::vector<std::string> builtin_set_names() {
  std::vector<std::string> names;
  for (const BuiltinSet& set : sets()) {
    names.emplace_back(set.name);
  }
  return names;
}

BuiltinData make_builtin_set(const std::string& name, const BuiltinOptions& options) {
  return set_named(name).make(options);
}

double best_possible_in_set(const std::string& name, std::span<const std::string> modalities) {
  return set_named(name).best(modalities);
}

}  // namespace heddle
