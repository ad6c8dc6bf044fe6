#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "data/builtin/sets.h"
#include "data/builtin/translation.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

const BuiltinOptions small = {.seed = 3, .train = 400, .valid = 40, .test = 60};

TEST(BuiltinTranslation, HalfOfTheSentencesHaveEachReading) {
  std::int64_t animals = 0;
  std::set<std::string> sources;
  for (std::int64_t i = 0; i < 400; ++i) {
    const TranslationSample sample = make_translation_sample(1, i);
    animals += sample.is_animal ? 1 : 0;
    sources.insert(sample.source);
    const std::string reading = sample.is_animal ? "fliro" : "holto";
    EXPECT_NE(sample.target.find(reading), std::string::npos) << sample.target;
    EXPECT_NE((" " + sample.source + " ").find(" bat "), std::string::npos) << sample.source;
    EXPECT_NE(sample.target, sample.other_target);
    EXPECT_EQ(make_translation_sample(1, i).target, sample.target);
  }
  EXPECT_EQ(animals, 200);
  EXPECT_GT(sources.size(), 350u);  // they are not few, said again and again
}

// What the words of a sentence say besides "bat" must not tell the reading.
TEST(BuiltinTranslation, WordsSayNothingAboutTheReading) {
  std::map<std::string, std::array<double, 2>> counts;
  for (std::int64_t i = 0; i < 4000; ++i) {
    const TranslationSample sample = make_translation_sample(1, i);
    for (const std::string& word : words_in(sample.source)) {
      counts[word][sample.is_animal ? 1 : 0] += 1.0;
    }
  }
  for (const auto& [word, by_reading] : counts) {
    const double all = by_reading[0] + by_reading[1];
    EXPECT_NEAR(by_reading[1] / all, 0.5, 2.0 / std::sqrt(all)) << word;
  }
}

TEST(BuiltinTranslation, ThePictureTellsTheReading) {
  const Dataset dataset = make_builtin_translation(small);
  const std::vector<double> pattern = {1, -1, 1, 1, -1, 1, -1, -1};
  for (std::int64_t i = 0; i < dataset.samples; ++i) {
    const auto values = dataset.modality("picture").sample(i).to_vector<double>();
    double sum = 0.0;
    for (std::size_t f = 0; f < pattern.size(); ++f) {
      sum += pattern[f] * values[f];
    }
    EXPECT_EQ(sum > 0.0, make_translation_sample(small.seed, i).is_animal);
  }
}

TEST(BuiltinTranslation, TargetsAreWrittenWithTheirVocabulary) {
  const BuiltinData made = make_builtin_set("translation", small);
  const Modality& target = made.dataset.modality("target");
  EXPECT_TRUE(target.info.vocabulary->has_ends());
  EXPECT_EQ(target.info.vocabulary->decode(target.sample(7).to_vector<std::int64_t>()),
            target.texts[7]);
  for (const char* name : {"source", "target"}) {
    for (const std::int64_t number : made.dataset.modality(name).values.to_vector<std::int64_t>()) {
      EXPECT_NE(number, Vocabulary::unknown) << name;
    }
  }
  EXPECT_EQ(made.dataset.indices(Split::test).size(), 60u);
}

TEST(BuiltinTranslation, IsInTheTableOfSets) {
  EXPECT_EQ(make_builtin_set("sentiment", small).dataset.name, "built-in");
  EXPECT_NE(message_of<InputError>([] {
              make_builtin_set("translatoin", small);
            }).find("did you mean \"translation\""),
            std::string::npos);
  const std::vector<std::string> all = {"source", "picture", "target"};
  EXPECT_EQ(best_possible_in_set("translation", {}, all), 1.0);
  const std::vector<std::string> texts = {"source", "target"};
  EXPECT_EQ(best_possible_in_set("translation", {}, texts), 0.5);
}

}  // namespace
}  // namespace heddle
