#include "data/shared_vocabulary.h"

#include <cstddef>
#include <memory>
#include <numeric>
#include <set>
#include <utility>

#include "core/error.h"

namespace heddle {
namespace {

/// Number 2 is the first word's.
constexpr std::int64_t first_word = Vocabulary::unknown + 1;

Modality& tokens_of(Dataset& dataset, const std::string& name) {
  for (Modality& modality : dataset.modalities) {
    if (modality.info.name == name) {
      check<InputError>(modality.info.kind == ModalityKind::tokens, "data set \"", dataset.name,
                        "\": \"", name, "\" is of kind ", name_of(modality.info.kind),
                        "; a vocabulary is shared by modalities of kind tokens");
      return modality;
    }
  }
  static_cast<void>(dataset.modality(name));  // which tells that there is none
  fail("data set \"", dataset.name, "\" has no \"", name, "\"");
}

std::vector<std::string> words_of(const Vocabulary& vocabulary) {
  std::vector<std::string> words;
  for (std::int64_t number = 0; number < vocabulary.size(); ++number) {
    words.push_back(vocabulary.word(number));
  }
  return words;
}

}  // namespace

std::vector<std::vector<std::int64_t>> share_vocabulary(std::span<Dataset* const> datasets,
                                                        const std::string& name) {
  std::vector<Modality*> modalities;
  std::vector<std::vector<std::string>> words;
  bool are_the_same = true;
  for (Dataset* dataset : datasets) {
    modalities.push_back(&tokens_of(*dataset, name));
    words.push_back(words_of(*modalities.back()->info.vocabulary));
    are_the_same = are_the_same && words.back() == words.front();
  }
  std::vector<std::vector<std::int64_t>> numbers;
  if (are_the_same) {
    for (const auto& own : words) {
      std::vector<std::int64_t>& same = numbers.emplace_back(own.size());
      std::iota(same.begin(), same.end(), 0);
    }
    return numbers;
  }
  std::vector<std::string> merged;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < modalities.size(); ++i) {
    const Vocabulary& vocabulary = *modalities[i]->info.vocabulary;
    check<InputError>(
        vocabulary.bpe() == nullptr && !vocabulary.has_ends(), "data set \"", datasets[i]->name,
        "\": \"", name,
        "\" has byte pairs, or words with ends, and another vocabulary than that of \"",
        datasets[0]->name, "\"; expected plain words to make one vocabulary of");
    for (std::size_t w = first_word; w < words[i].size(); ++w) {
      if (seen.insert(words[i][w]).second) {
        merged.push_back(words[i][w]);
      }
    }
  }
  const auto vocabulary = std::make_shared<const Vocabulary>(std::move(merged));
  for (std::size_t i = 0; i < modalities.size(); ++i) {
    std::vector<std::int64_t>& own = numbers.emplace_back();
    for (std::size_t w = 0; w < words[i].size(); ++w) {
      own.push_back(w < first_word ? static_cast<std::int64_t>(w)
                                   : vocabulary->number_of(words[i][w]));
    }
    Tensor values = modalities[i]->values.clone();
    auto* tokens = values.mutable_data<std::int64_t>("share_vocabulary");
    for (std::int64_t t = 0; t < values.elements(); ++t) {
      tokens[t] = own[static_cast<std::size_t>(tokens[t])];
    }
    modalities[i]->values = values;
    modalities[i]->info.vocabulary = vocabulary;
  }
  return numbers;
}

}  // namespace heddle
