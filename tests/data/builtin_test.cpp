#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "data/builtin/cues.h"
#include "data/builtin/generator.h"
#include "data/builtin/sentence.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

const std::vector<std::vector<std::string>> subsets = {{},
                                                       {"text"},
                                                       {"image"},
                                                       {"audio"},
                                                       {"text", "image"},
                                                       {"text", "audio"},
                                                       {"image", "audio"},
                                                       {"text", "image", "audio"}};

TEST(Builtin, BestPossibleAccuracyAgreesWithTheArithmetic) {
  // Words alone: the label follows t' = t·(−1)^w with probability 3/4, and t' = t with 3/4, so
  // 3/4·3/4 + 1/4·1/4. One of three votes: 3/4. All: 1.
  const std::vector<double> wanted = {0.5, 0.625, 0.75, 0.75, 0.75, 0.75, 0.75, 1.0};
  for (std::size_t i = 0; i < subsets.size(); ++i) {
    EXPECT_DOUBLE_EQ(best_possible_accuracy(subsets[i]), wanted[i]);
  }
  const std::vector<std::string> unknown = {"txt"};
  EXPECT_NE(message_of([&] { best_possible_accuracy(unknown); }).find("did you mean \"text\"?"),
            std::string::npos);
}

TEST(Builtin, ALookupTableOfTheCuesReachesTheBestPossible) {
  std::vector<HiddenCues> cues;
  for (std::uint64_t i = 0; i < 100; ++i) {
    Generator generator(7, i);
    for (const HiddenCues& dealt : draw_cues(generator)) {
      cues.push_back(dealt);
    }
  }
  for (const auto& subset : subsets) {
    const auto sees = [&](const std::string& name) {
      return std::find(subset.begin(), subset.end(), name) != subset.end();
    };
    std::map<std::array<int, 4>, std::array<int, 2>> counts;
    for (const HiddenCues& c : cues) {
      const bool image = sees("image");
      const std::array<int, 4> view = {sees("text") ? c.words : 0, image ? c.mouth : 0,
                                       image && c.wink ? 1 : 0, sees("audio") ? c.contour : 0};
      ++counts[view][static_cast<std::size_t>(label_of(c))];
    }
    double right = 0;
    for (const auto& [view, labels] : counts) {
      right += std::max(labels[0], labels[1]);
    }
    // Exactly, because every block holds every combination as often as its probability says.
    EXPECT_DOUBLE_EQ(right / static_cast<double>(cues.size()), best_possible_accuracy(subset));
  }
}

class BuiltinDataTest : public testing::Test {
 protected:
  static const BuiltinData& data() {
    static const BuiltinData made = make_builtin({});
    return made;
  }
};

TEST_F(BuiltinDataTest, SizesAndKinds) {
  const Dataset& dataset = data().dataset;
  EXPECT_EQ(dataset.samples, 10000);
  EXPECT_EQ(dataset.indices(Split::train).size(), 8000u);
  EXPECT_EQ(dataset.indices(Split::valid).front(), 8000);
  EXPECT_EQ(dataset.indices(Split::test).back(), 9999);
  EXPECT_EQ(dataset.modality_names(), (std::vector<std::string>{"text", "image", "audio"}));
  EXPECT_EQ(dataset.modality("image").sample(0).shape(), (Shape{3, 32, 32}));
  EXPECT_EQ(dataset.modality("audio").sample(0).shape(), (Shape{24, 24}));
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"negative", "positive"}));
}

TEST_F(BuiltinDataTest, CuesAreBalancedIndependentAndMakeTheLabel) {
  const auto labels = data().dataset.labels.to_vector<std::int64_t>();
  const auto& cues = data().cues;
  std::array<double, 4> sums{};
  std::array<std::array<double, 4>, 4> products{};
  double positive = 0;
  for (std::size_t i = 0; i < cues.size(); ++i) {
    // Each with mean 0; the wink as −¼ or ¾, its deviation √3/4.
    const std::array<double, 4> values = {static_cast<double>(cues[i].words),
                                          static_cast<double>(cues[i].mouth),
                                          static_cast<double>(cues[i].contour),
                                          ((cues[i].wink ? 1 : 0) - 0.25) / std::sqrt(3.0 / 16)};
    for (std::size_t a = 0; a < 4; ++a) {
      sums[a] += values[a];
      for (std::size_t b = 0; b < a; ++b) {
        products[a][b] += values[a] * values[b];
      }
    }
    EXPECT_EQ(labels[i], label_of(cues[i]));
    positive += static_cast<double>(labels[i]);
  }
  // Sums of 10,000 terms of deviation 1: four standard errors are 400.
  for (std::size_t a = 0; a < 4; ++a) {
    EXPECT_LT(std::abs(sums[a]), 400) << a;
    for (std::size_t b = 0; b < a; ++b) {
      EXPECT_LT(std::abs(products[a][b]), 400) << a << b;
    }
  }
  EXPECT_NEAR(positive, 5000, 200);
}

TEST_F(BuiltinDataTest, ASampleIsTheSameHoweverManyAreMade) {
  const BuiltinData few = make_builtin({.seed = 1, .train = 5, .valid = 1, .test = 70});
  for (const std::int64_t sample : {0, 4, 5, 75}) {
    EXPECT_EQ(few.cues[static_cast<std::size_t>(sample)],
              data().cues[static_cast<std::size_t>(sample)]);
    for (const std::string name : {"text", "image", "audio"}) {
      EXPECT_TRUE(same_bits(few.dataset.modality(name).sample(sample).clone(),
                            data().dataset.modality(name).sample(sample).clone()))
          << name << sample;
    }
  }
  const BuiltinData other = make_builtin({.seed = 2, .train = 5, .valid = 0, .test = 0});
  EXPECT_FALSE(same_bits(other.dataset.modality("image").sample(0).clone(),
                         data().dataset.modality("image").sample(0).clone()));
}

TEST(Builtin, ThreadsDoNotMatter) {
  const int before = thread_count();
  std::vector<BuiltinData> made;
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    made.push_back(make_builtin({.seed = 3, .train = 200, .valid = 0, .test = 0}));
  }
  set_thread_count(before);
  for (const std::string name : {"text", "image", "audio"}) {
    EXPECT_TRUE(
        same_bits(made[0].dataset.modality(name).values, made[1].dataset.modality(name).values));
  }
}

TEST_F(BuiltinDataTest, WordsAreKnownAndTellTheirPolarity) {
  const Modality& text = data().dataset.modality("text");
  const auto tokens = text.values.to_vector<std::int64_t>();
  EXPECT_EQ(std::count(tokens.begin(), tokens.end(), Vocabulary::unknown), 0);
  const std::set<std::string> friendly = {"good",      "great",    "lovely", "funny",
                                          "brilliant", "charming", "warm",   "clever",
                                          "like",      "love",     "enjoy",  "admire"};
  const std::set<std::string> unfriendly = {"bad",  "awful",   "boring", "dull",
                                            "weak", "clumsy",  "cold",   "silly",
                                            "hate", "dislike", "regret", "despise"};
  const std::set<std::string> negating = {"not", "never", "hardly", "nobody", "no"};
  int negated_sentences = 0;
  double word_agrees = 0;
  std::int64_t longest = 0;
  for (std::int64_t i = 0; i < 2000; ++i) {
    int words_found = 0;
    int polarity = 0;
    int negations = 0;
    for (const std::string& word : text.words(i)) {
      if (friendly.contains(word) || unfriendly.contains(word)) {
        ++words_found;
        polarity = friendly.contains(word) ? 1 : -1;
      }
      negations += negating.contains(word) ? 1 : 0;
    }
    ASSERT_EQ(words_found, 1) << i;
    ASSERT_LE(negations, 1) << i;
    const int cue = data().cues[static_cast<std::size_t>(i)].words;
    EXPECT_EQ(negations == 1 ? -polarity : polarity, cue) << i;
    negated_sentences += negations;
    word_agrees += polarity == cue ? 1 : 0;
    longest = std::max(longest, text.length(i));
  }
  // A quarter are negated: the judging word alone is right three times out of four.
  EXPECT_NEAR(negated_sentences, 500, 80);
  EXPECT_NEAR(word_agrees, 1500, 80);
  EXPECT_LE(longest, 16);
}

TEST_F(BuiltinDataTest, PicturesAndFramesAreScaledAsTheySay) {
  const Modality& image = data().dataset.modality("image");
  const auto pixels = image.values.slice(0, 0, 100).to_vector<float>();
  for (const float pixel : pixels) {
    const float level = 255 * image.info.standardisation.raw(pixel, 0);
    ASSERT_NEAR(level, std::round(level), 1e-3);
    ASSERT_GE(level, -1e-3);
    ASSERT_LE(level, 255.001);
  }
  const auto frames = data().dataset.modality("audio").values.to_vector<float>();
  double sum = 0;
  double squares = 0;
  for (const float value : frames) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const auto count = static_cast<double>(frames.size());
  EXPECT_NEAR(sum / count, 0, 0.1);
  EXPECT_NEAR(squares / count, 1, 0.1);
}

TEST_F(BuiltinDataTest, TheContourCanBeReadOffTheFrames) {
  // The strongest band early in the tone against late in it.
  const Modality& audio = data().dataset.modality("audio");
  int right = 0;
  for (std::int64_t i = 0; i < 500; ++i) {
    const auto frames = audio.sample(i).to_vector<float>();
    double early = 0;
    double late = 0;
    for (std::size_t t = 0; t < 24; ++t) {
      double energy = 0;
      double centre = 0;
      for (std::size_t band = 0; band < 24; ++band) {
        const double power = std::exp(2 * static_cast<double>(frames[t * 24 + band]));
        energy += power;
        centre += power * static_cast<double>(band);
      }
      (t >= 7 && t < 12 ? early : t >= 12 && t < 17 ? late : energy) += centre / energy;
    }
    right += (late > early) == (data().cues[static_cast<std::size_t>(i)].contour > 0) ? 1 : 0;
  }
  EXPECT_GE(right, 495);
}

TEST(Builtin, RefusesCountsThatMakeNoSense) {
  EXPECT_NE(message_of<InputError>([] { make_builtin({.train = 0}); }).find("no training sample"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([] { make_builtin({.test = -1}); }).find("got -1 samples"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([] { make_builtin({.train = 20'000'000}); }).find("expected 0"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
