#include "data/shared_vocabulary.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/builtin/sets.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

Dataset texts(const std::string& name, std::vector<std::string> words,
              const std::vector<std::string>& sentences) {
  const auto vocabulary = std::make_shared<const Vocabulary>(std::move(words));
  Dataset dataset;
  dataset.name = name;
  dataset.samples = static_cast<std::int64_t>(sentences.size());
  Modality text;
  text.info = {.name = "text", .kind = ModalityKind::tokens, .shape = {}, .vocabulary = vocabulary};
  text.starts = {0};
  std::vector<std::int64_t> tokens;
  for (const std::string& sentence : sentences) {
    const auto numbers = vocabulary->encode(sentence);
    tokens.insert(tokens.end(), numbers.begin(), numbers.end());
    text.starts.push_back(static_cast<std::int64_t>(tokens.size()));
  }
  const auto count = static_cast<std::int64_t>(tokens.size());
  text.values = Tensor::from<std::int64_t>(tokens, {count});
  dataset.modalities.push_back(std::move(text));
  return dataset;
}

TEST(SharedVocabulary, HoldsAllWordsOnceAndSamplesSayWhatTheySaid) {
  Dataset first = texts("first", {"red", "green"}, {"red green", "green blue"});
  Dataset second = texts("second", {"blue", "red", "big"}, {"big red", "blue", "tiny red"});
  const std::vector<Dataset*> both = {&first, &second};
  const auto numbers = share_vocabulary(both, "text");
  const Vocabulary& shared = *first.modality("text").info.vocabulary;
  EXPECT_EQ(&shared, second.modality("text").info.vocabulary.get());
  EXPECT_EQ(shared.size(), 6);
  EXPECT_EQ(numbers[0], (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(numbers[1], (std::vector<std::int64_t>{0, 1, 4, 2, 5}));
  const auto words = [&](const Dataset& dataset, std::int64_t sample) {
    const std::vector<std::int64_t> tokens =
        dataset.modality("text").sample(sample).to_vector<std::int64_t>();
    std::string text;
    for (const std::int64_t token : tokens) {
      text += (text.empty() ? "" : " ") + shared.word(token);
    }
    return text;
  };
  EXPECT_EQ(words(first, 0), "red green");
  EXPECT_EQ(words(first, 1), "green <unk>");  // unknown to this data set, and stays so
  EXPECT_EQ(words(second, 0), "big red");
  EXPECT_EQ(words(second, 2), "<unk> red");
}

TEST(SharedVocabulary, OneThatIsTheSameStays) {
  Dataset first = texts("first", {"red", "green"}, {"red"});
  Dataset second = texts("second", {"red", "green"}, {"green"});
  const auto before = first.modality("text").info.vocabulary;
  const std::vector<Dataset*> both = {&first, &second};
  EXPECT_EQ(share_vocabulary(both, "text")[1], (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(first.modality("text").info.vocabulary, before);
}

TEST(SharedVocabulary, OnlyWordsAreShared) {
  Dataset reading = make_builtin_set("reading", {.train = 4, .valid = 0, .test = 0}).dataset;
  Dataset answering = make_builtin_set("answering", {.train = 18, .valid = 0, .test = 0}).dataset;
  const std::vector<Dataset*> both = {&reading, &answering};
  EXPECT_THROW(share_vocabulary(both, "text"), InputError);
  const std::vector<Dataset*> picture = {&answering};
  EXPECT_NE(message_of<InputError>([&] { share_vocabulary(picture, "image"); }).find("kind image"),
            std::string::npos);
}

TEST(BuiltinReading, TheQuestionAsksForTheSentencesToneOrForItsNoun) {
  const Dataset dataset =
      make_builtin_set("reading", {.seed = 3, .train = 400, .valid = 40, .test = 40}).dataset;
  const std::vector<std::int64_t> counts = dataset.class_counts(dataset.indices(Split::train));
  EXPECT_EQ(counts[0], 100);  // blame
  EXPECT_EQ(counts[1], 100);  // praise
  EXPECT_NEAR(static_cast<double>(counts[2]), 100.0, 25.0);
  const Vocabulary& words = *dataset.modality("text").info.vocabulary;
  EXPECT_EQ(words.number_of("brilliant"),
            make_builtin_set("sentiment", {.train = 1, .valid = 0, .test = 0})
                .dataset.modality("text")
                .info.vocabulary->number_of("brilliant"));
  const auto holds_one_of = [&](std::int64_t sample, const std::vector<const char*>& some) {
    for (const auto token : dataset.modality("text").sample(sample).to_vector<std::int64_t>()) {
      for (const char* word : some) {
        if (token == words.number_of(word)) {
          return true;
        }
      }
    }
    return false;
  };
  int friendly_words = 0;
  for (std::int64_t i = 0; i < 400; ++i) {
    const std::int64_t label = dataset.labels.data<std::int64_t>()[i];
    const bool is_friendly =
        holds_one_of(i, {"good", "great", "lovely", "funny", "brilliant", "charming", "warm",
                         "clever", "like", "love", "enjoy", "admire"});
    friendly_words += label < 2 && is_friendly == (label == 1) ? 1 : 0;
    if (label >= 2) {
      EXPECT_EQ(label == 3, holds_one_of(i, {"story", "ending", "plot", "book", "music"})) << i;
    }
  }
  EXPECT_NEAR(friendly_words / 200.0, 0.75, 0.1);  // negation turns a quarter round
  const std::vector<std::string> both = {"text", "question"};
  EXPECT_EQ(best_possible_in_set("reading", {}, both), 1.0);
  EXPECT_EQ(best_possible_in_set("reading", {}, std::vector<std::string>{"text"}), 0.5);
}

}  // namespace
}  // namespace heddle
