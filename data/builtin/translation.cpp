#include "data/builtin/translation.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "data/builtin/samples.h"

namespace heddle {
namespace {

struct Entry {
  const char* word;
  const char* translation;
};

constexpr std::array<Entry, 3> determiners = {{{"the", "su"}, {"a", "mo"}, {"every", "dari"}}};
constexpr std::array<Entry, 8> adjectives = {{{"young", "belu"},
                                              {"red", "kesa"},
                                              {"small", "tinu"},
                                              {"old", "gorma"},
                                              {"quiet", "silo"},
                                              {"heavy", "dumba"},
                                              {"bright", "lumi"},
                                              {"cold", "frisa"}}};
constexpr std::array<Entry, 8> nouns = {{{"kite", "suti"},
                                         {"child", "nano"},
                                         {"house", "koba"},
                                         {"river", "fluma"},
                                         {"teacher", "mestro"},
                                         {"garden", "horti"},
                                         {"boat", "navu"},
                                         {"stone", "petro"}}};
constexpr std::array<Entry, 6> verbs = {{{"follows", "lor"},
                                         {"sees", "vid"},
                                         {"carries", "por"},
                                         {"finds", "tro"},
                                         {"paints", "pin"},
                                         {"leaves", "par"}}};
constexpr std::array<Entry, 4> adverbs = {
    {{"quickly", "fili"}, {"again", "reto"}, {"today", "hodi"}, {"never", "nulo"}}};
constexpr Entry animal = {"bat", "fliro"};
constexpr Entry stick = {"bat", "holto"};

constexpr std::int64_t picture_features = 8;
/// What the picture of an animal has, and that of a stick has the opposite of; and the largest
/// noise, so small that the sign of the sum always tells.
constexpr std::array<float, picture_features> pattern = {1, -1, 1, 1, -1, 1, -1, -1};
constexpr float noise = 0.8f;

template <std::size_t count>
const Entry& drawn(const std::array<Entry, count>& entries, Generator& generator) {
  return entries[static_cast<std::size_t>(generator.below(count))];
}

/// A determiner, perhaps an adjective, and a noun: in the translation the adjective comes last.
struct Phrase {
  std::string source;
  std::string target;
  std::string other_target;
};

Phrase make_phrase(const Entry& noun, const Entry& other, Generator& generator) {
  const Entry& determiner = drawn(determiners, generator);
  const Entry& adjective = drawn(adjectives, generator);
  const bool described = generator.bernoulli(0.6);
  const auto join = [&](const std::string& first, const std::string& second,
                        const std::string& third) {
    return first + " " + second + (third.empty() ? "" : " " + third);
  };
  const std::string behind = described ? adjective.translation : "";
  return {described ? join(determiner.word, adjective.word, noun.word)
                    : join(determiner.word, noun.word, ""),
          join(determiner.translation, noun.translation, behind),
          join(determiner.translation, other.translation, behind)};
}

Generator stream_of(std::uint64_t seed, const char* part, std::int64_t index) {
  return Generator(seed).named(concat("translation, ", part, " ", index));
}

bool is_animal_of(std::uint64_t seed, std::int64_t index) {
  Generator pair = stream_of(seed, "readings", index / 2);
  return pair.bernoulli(0.5) == (index % 2 == 0);
}

Modality text_modality(const char* name, std::vector<std::string> texts,
                       std::vector<std::string> words, bool has_ends) {
  Modality modality;
  modality.info.name = name;
  modality.info.kind = ModalityKind::tokens;
  modality.info.vocabulary = std::make_shared<const Vocabulary>(
      has_ends ? Vocabulary::with_ends(std::move(words)) : Vocabulary(std::move(words)));
  std::vector<std::int64_t> tokens;
  modality.starts = {0};
  for (const auto& numbers : modality.info.vocabulary->encode_all(texts)) {
    tokens.insert(tokens.end(), numbers.begin(), numbers.end());
    modality.starts.push_back(static_cast<std::int64_t>(tokens.size()));
  }
  modality.values = Tensor::from(std::span<const std::int64_t>(tokens),
                                 {static_cast<std::int64_t>(tokens.size())});
  modality.texts = std::move(texts);
  return modality;
}

/// Every word of one of the two languages.
std::vector<std::string> words_of(const char* Entry::*language) {
  std::vector<std::string> words;
  const auto add = [&](const auto& entries) {
    for (const Entry& entry : entries) {
      words.emplace_back(entry.*language);
    }
  };
  add(determiners);
  add(adjectives);
  add(nouns);
  add(verbs);
  add(adverbs);
  words.emplace_back(animal.*language);
  if (words.back() != stick.*language) {
    words.emplace_back(stick.*language);
  }
  return words;
}

}  // namespace

TranslationSample make_translation_sample(std::uint64_t seed, std::int64_t index) {
  TranslationSample sample;
  sample.is_animal = is_animal_of(seed, index);
  Generator generator = stream_of(seed, "words", index);
  const Entry& bat = sample.is_animal ? animal : stick;
  const Entry& other = sample.is_animal ? stick : animal;
  const Entry& noun = drawn(nouns, generator);
  const bool bat_acts = generator.bernoulli(0.5);
  const Phrase subject = make_phrase(bat_acts ? bat : noun, bat_acts ? other : noun, generator);
  const Phrase object = make_phrase(bat_acts ? noun : bat, bat_acts ? noun : other, generator);
  const Entry& verb = drawn(verbs, generator);
  const Entry& adverb = drawn(adverbs, generator);
  const bool has_adverb = generator.bernoulli(0.5);
  const std::string before = has_adverb ? adverb.translation + std::string(" ") : "";
  sample.source = subject.source + (has_adverb ? " " + std::string(adverb.word) : "") + " " +
                  verb.word + " " + object.source;
  sample.target = before + subject.target + " " + object.target + " " + verb.translation;
  sample.other_target =
      before + subject.other_target + " " + object.other_target + " " + verb.translation;
  return sample;
}

Dataset make_builtin_translation(const BuiltinOptions& options) {
  check_options(options);
  const std::int64_t samples = options.train + options.valid + options.test;
  std::vector<std::string> sources;
  std::vector<std::string> targets;
  Modality picture;
  picture.info.name = "picture";
  picture.info.kind = ModalityKind::features;
  picture.info.shape = {picture_features};
  picture.values = Tensor::empty({samples, picture_features});
  float* out = picture.values.mutable_data<float>("make_builtin_translation");
  for (std::int64_t i = 0; i < samples; ++i) {
    TranslationSample sample = make_translation_sample(options.seed, i);
    sources.push_back(std::move(sample.source));
    targets.push_back(std::move(sample.target));
    Generator generator = stream_of(options.seed, "picture", i);
    for (const float value : pattern) {
      *out++ = (sample.is_animal ? value : -value) + noise * (2.0f * generator.uniform() - 1.0f);
    }
  }
  Dataset dataset;
  dataset.name = "built-in translation";
  dataset.samples = samples;
  dataset.modalities.push_back(
      text_modality("source", std::move(sources), words_of(&Entry::word), false));
  dataset.modalities.push_back(std::move(picture));
  dataset.modalities.push_back(
      text_modality("target", std::move(targets), words_of(&Entry::translation), true));
  add_splits(dataset, options);
  dataset.validate();
  return dataset;
}

double best_possible_translation(std::span<const std::string> modalities) {
  const std::vector<bool> seen = seen_among(modalities, {"source", "picture", "target"});
  return !seen[0] ? 0.0 : seen[1] ? 1.0 : 0.5;
}

}  // namespace heddle
