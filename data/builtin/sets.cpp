#include "data/builtin/sets.h"

#include "core/error.h"
#include "data/builtin/answering.h"
#include "data/builtin/judgement.h"
#include "data/builtin/reading.h"
#include "data/builtin/record.h"
#include "data/builtin/retrieval.h"
#include "data/builtin/samples.h"
#include "data/builtin/translation.h"
#include "data/builtin/utterances.h"
#include "data/nearest_name.h"

namespace heddle {
namespace {

struct BuiltinSet {
  const char* name;
  BuiltinData (*make)(const BuiltinOptions&);
  std::optional<double> (*best)(const BuiltinOptions&, std::span<const std::string>);
};

/// Of sets whose best value is the same whatever is drawn.
template <double (*best)(std::span<const std::string>)>
std::optional<double> best_of_any(const BuiltinOptions&, std::span<const std::string> modalities) {
  return best(modalities);
}

BuiltinData make_retrieval(const BuiltinOptions& options) {
  return {make_builtin_retrieval(options).dataset, {}};
}

BuiltinData make_translation(const BuiltinOptions& options) {
  return {make_builtin_translation(options), {}};
}

std::optional<double> best_retrieval(const BuiltinOptions& options,
                                     std::span<const std::string> modalities) {
  const std::vector<bool> seen = seen_among(modalities, {"text", "image"});
  if (!seen[0] || !seen[1] || options.test == 0) {
    return std::nullopt;
  }
  const BuiltinRetrieval made = make_builtin_retrieval(options);
  double sum = 0.0;
  for (const std::int64_t k : {1, 5, 10}) {
    sum += best_possible_recall(made, Split::test, k);
  }
  return sum / 3.0;
}

const std::vector<BuiltinSet>& sets() {
  static const std::vector<BuiltinSet> list = {
      {"sentiment", make_builtin, best_of_any<best_possible_accuracy>},
      {"answering", make_answering, best_of_any<best_possible_answering>},
      {"judgement", make_judgement, best_of_any<best_possible_judgement>},
      {"reading", make_reading, best_of_any<best_possible_reading>},
      {"record", make_record, best_of_any<best_possible_record>},
      {"retrieval", make_retrieval, best_retrieval},
      {"translation", make_translation, best_of_any<best_possible_translation>},
      {"utterances", make_utterances, best_of_any<best_possible_utterances>},
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

std::optional<double> best_possible_in_set(const std::string& name, const BuiltinOptions& options,
                                           std::span<const std::string> modalities) {
  return set_named(name).best(options, modalities);
}

}  // namespace heddle
