#include "data/builtin/samples.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "data/nearest_name.h"
#include "data/vocabulary.h"

namespace heddle {
namespace {

constexpr std::int64_t most_samples = 10'000'000;

}  // namespace

void check_options(const BuiltinOptions& options) {
  for (const std::int64_t count : {options.train, options.valid, options.test}) {
    check<InputError>(count >= 0 && count <= most_samples, "built-in data: got ", count,
                      " samples, expected 0 … ", most_samples);
  }
  check<InputError>(options.train > 0, "built-in data: got no training sample");
  check<InputError>(options.train + options.valid + options.test <= most_samples,
                    "built-in data: got ", options.train + options.valid + options.test,
                    " samples in all, expected at most ", most_samples);
}

void add_splits(Dataset& dataset, const BuiltinOptions& options) {
  std::int64_t next = 0;
  const std::array<std::int64_t, 3> counts = {options.train, options.valid, options.test};
  for (const Split split : all_splits) {
    auto& indices = dataset.splits[static_cast<std::size_t>(split)];
    indices.resize(static_cast<std::size_t>(counts[static_cast<std::size_t>(split)]));
    std::iota(indices.begin(), indices.end(), next);
    next += static_cast<std::int64_t>(indices.size());
  }
}

std::vector<std::string> words_of(const Questions& questions) {
  std::vector<std::string> words;
  for (const auto& kind : questions) {
    for (const std::string_view question : kind) {
      for (std::string& word : words_in(question)) {
        if (std::find(words.begin(), words.end(), word) == words.end()) {
          words.push_back(std::move(word));
        }
      }
    }
  }
  return words;
}

Modality sentences_modality(std::string name, std::vector<std::string> words,
                            const std::vector<std::string>& sentences) {
  auto vocabulary = std::make_shared<const Vocabulary>(std::move(words));
  Modality text;
  text.info = {.name = std::move(name),
               .kind = ModalityKind::tokens,
               .shape = {},
               .vocabulary = vocabulary,
               .standardisation = {}};
  std::vector<std::int64_t> tokens;
  text.starts = {0};
  for (const std::string& sentence : sentences) {
    const std::vector<std::int64_t> numbers = vocabulary->encode(sentence);
    tokens.insert(tokens.end(), numbers.begin(), numbers.end());
    text.starts.push_back(static_cast<std::int64_t>(tokens.size()));
  }
  text.values = Tensor::from(std::span<const std::int64_t>(tokens),
                             {static_cast<std::int64_t>(tokens.size())});
  return text;
}

Generator builtin_stream(std::string_view set, std::string_view part, std::uint64_t seed,
                         std::int64_t index) {
  const Generator named = Generator(seed).named(concat("built-in ", set, " ", part));
  return Generator(seed, named.state().stream + static_cast<std::uint64_t>(index));
}

std::vector<bool> seen_among(std::span<const std::string> seen,
                             const std::vector<std::string>& known) {
  for (const std::string& name : seen) {
    check(std::find(known.begin(), known.end(), name) != known.end(),
          "best possible accuracy: the built-in data has no modality \"", name, "\"",
          suggestion(name, known));
  }
  std::vector<bool> result;
  for (const std::string& name : known) {
    result.push_back(std::find(seen.begin(), seen.end(), name) != seen.end());
  }
  return result;
}

}  // namespace heddle
