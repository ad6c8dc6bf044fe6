#include "data/builtin/sets.h"

#include <array>
#include <utility>

#include "core/error.h"
#include "data/builtin/cues.h"
#include "data/builtin/retrieval.h"
#include "data/nearest_name.h"

namespace heddle {
namespace {

struct BuiltinSet {
  std::string_view name;
  BuiltinData (*make)(const BuiltinOptions&);
  std::optional<double> (*best_possible)(const BuiltinOptions&, const std::vector<std::string>&);
};

BuiltinData retrieval(const BuiltinOptions& options) {
  return {make_builtin_retrieval(options).dataset, {}};
}

std::optional<double> best_sentiment(const BuiltinOptions&,
                                     const std::vector<std::string>& modalities) {
  return best_possible_accuracy(modalities);
}

std::optional<double> best_retrieval(const BuiltinOptions& options,
                                     const std::vector<std::string>& modalities) {
  if (modalities.size() < 2 || options.test == 0) {
    return std::nullopt;
  }
  const BuiltinRetrieval made = make_builtin_retrieval(options);
  double sum = 0.0;
  for (const std::int64_t k : {1, 5, 10}) {
    sum += best_possible_recall(made, Split::test, k);
  }
  return sum / 3.0;
}

constexpr std::array<BuiltinSet, 2> sets = {
    {{"sentiment", make_builtin, best_sentiment}, {"retrieval", retrieval, best_retrieval}}};

const BuiltinSet& set_named(std::string_view name) {
  for (const BuiltinSet& set : sets) {
    if (set.name == name) {
      return set;
    }
  }
  fail<InputError>("built-in data: there is no set \"", name, "\"",
                   suggestion(name, builtin_set_names()));
}

}  // namespace

std::vector<std::string> builtin_set_names() {
  std::vector<std::string> names;
  for (const BuiltinSet& set : sets) {
    names.emplace_back(set.name);
  }
  return names;
}

BuiltinData make_builtin_set(std::string_view name, const BuiltinOptions& options) {
  return set_named(name).make(options);
}

std::optional<double> best_possible_on(std::string_view name, const BuiltinOptions& options,
                                       const std::vector<std::string>& modalities) {
  return set_named(name).best_possible(options, modalities);
}

}  // namespace heddle
