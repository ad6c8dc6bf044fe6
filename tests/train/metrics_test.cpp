#include "train/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace heddle {
namespace {

using Labels = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

TEST(Metrics, ConfusionCountsTruthByRow) {
  const Confusion confusion = confusion_of(Labels{0, 0, 1, 2, 2, 2}, Labels{0, 1, 1, 2, 2, 0}, 3);
  EXPECT_EQ(confusion, (Confusion{{1, 1, 0}, {0, 1, 0}, {1, 0, 2}}));
}

TEST(Metrics, ClassificationByHand) {
  // Class 0: 1 of 2 found, 2 said: F1 = 2·1/(2+2) = 1/2. Class 1: 2·1/(1+2) = 2/3. Class 2:
  // 2·2/(3+2) = 4/5.
  const Metrics metrics = classification_metrics({{1, 1, 0}, {0, 1, 0}, {1, 0, 2}});
  EXPECT_DOUBLE_EQ(metrics.at("accuracy"), 4.0 / 6.0);
  EXPECT_DOUBLE_EQ(metrics.at("f1_macro"), (0.5 + 2.0 / 3.0 + 0.8) / 3.0);
  EXPECT_DOUBLE_EQ(metrics.at("f1_weighted"), (2.0 * 0.5 + 2.0 / 3.0 + 3.0 * 0.8) / 6.0);
}

TEST(Metrics, AClassThatNeverOccursDoesNotCount) {
  const Metrics metrics = classification_metrics({{3, 0, 0}, {0, 2, 0}, {0, 0, 0}});
  EXPECT_DOUBLE_EQ(metrics.at("f1_macro"), 1.0);
}

TEST(Metrics, AClassNeverFoundHasF1Zero) {
  const Metrics metrics = classification_metrics({{4, 0}, {1, 0}});
  EXPECT_DOUBLE_EQ(metrics.at("accuracy"), 0.8);
  EXPECT_DOUBLE_EQ(metrics.at("f1_macro"), 0.5 * (8.0 / 9.0));
}

TEST(Metrics, NothingGivesNothing) {
  EXPECT_TRUE(classification_metrics({{0, 0}, {0, 0}}).empty());
  EXPECT_TRUE(regression_metrics({}, {}).empty());
  EXPECT_TRUE(sentiment_metrics(Numbers{}, Numbers{}).empty());
}

TEST(Metrics, RegressionByHand) {
  const Metrics metrics = regression_metrics(Numbers{1, 2, 3}, Numbers{2, 2, 5});
  EXPECT_DOUBLE_EQ(metrics.at("mae"), 1.0);
  EXPECT_DOUBLE_EQ(metrics.at("mse"), 5.0 / 3.0);
  // Deviations (−1, 0, 1) and (−1, −1, 2): 3 / √(2·6).
  EXPECT_DOUBLE_EQ(metrics.at("correlation"), 3.0 / std::sqrt(12.0));
}

TEST(Metrics, CorrelationWithAConstantIsNotANumber) {
  EXPECT_TRUE(std::isnan(regression_metrics(Numbers{1, 2}, Numbers{3, 3}).at("correlation")));
}

TEST(Metrics, SentimentConventionsDifferOnZero) {
  // Targets: −1, 0, 0, 2. The first 0 is scored −0.2, the second 0.4.
  const Metrics metrics = sentiment_metrics(Numbers{-1, 0, 0, 2}, Numbers{-0.5, -0.2, 0.4, 1});
  EXPECT_DOUBLE_EQ(metrics.at("acc2_nonneg"), 0.75);  // 0 counts as non-negative: one is wrong
  EXPECT_DOUBLE_EQ(metrics.at("acc2_pos"), 1.0);      // zeros left out
}

TEST(Metrics, SentimentZeroScoreIsNotPositive) {
  const Metrics metrics = sentiment_metrics(Numbers{1.0}, Numbers{0.0});
  EXPECT_DOUBLE_EQ(metrics.at("acc2_nonneg"), 1.0);
  EXPECT_DOUBLE_EQ(metrics.at("acc2_pos"), 0.0);
}

TEST(Metrics, SevenClassesRoundAndClamp) {
  // 2.5 and 1.5 round to even (2, 2); 0.5 to 0; 9 is clamped to 3; −3.4 to −3.
  const Numbers targets = {2.5, 2.0, 0.5, 3.0, -3.0, 1.0};
  const Numbers scores = {2.0, 1.5, 0.0, 9.0, -3.4, 1.6};
  EXPECT_DOUBLE_EQ(sentiment_metrics(targets, scores).at("acc7"), 5.0 / 6.0);
}

// tests/golden/make_metrics.py computed these with scikit-learn and numpy.
TEST(Metrics, GradedSentimentIsAsScikitLearnHasIt) {
  const auto file = std::filesystem::path(HEDDLE_SOURCE_DIR) / "tests" / "golden" / "metrics.json";
  const auto cases = nlohmann::json::parse(std::ifstream(file));
  ASSERT_GE(cases.size(), 4u);
  for (const auto& example : cases) {
    const auto truth = example["truth"].get<Numbers>();
    const auto predicted = example["predicted"].get<Numbers>();
    Metrics found = sentiment_metrics(truth, predicted);
    found.merge(regression_metrics(truth, predicted));
    EXPECT_EQ(found.size(), example["metrics"].size());
    for (const auto& [name, value] : example["metrics"].items()) {
      ASSERT_TRUE(found.contains(name)) << name;
      EXPECT_NEAR(found.at(name), value.get<double>(), 1e-12) << name << " of " << truth.size();
    }
  }
}

TEST(Metrics, NoSampleThatIsDecidedGivesNoAccuracy) {
  const Metrics metrics = sentiment_metrics(Numbers{0, 0}, Numbers{1, -1});
  EXPECT_EQ(metrics.at("acc2_pos"), 0.0);
  EXPECT_EQ(metrics.at("f1_pos"), 0.0);
  EXPECT_EQ(metrics.at("acc2_nonneg"), 0.5);
}

TEST(Metrics, SentimentFromClasses) {
  const Metrics metrics = sentiment_metrics(Numbers{-1, 0, 2, -2}, Labels{0, 0, 1, 1});
  EXPECT_DOUBLE_EQ(metrics.at("acc2_nonneg"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("acc2_pos"), 2.0 / 3.0);
  EXPECT_FALSE(metrics.contains("acc7"));
}

TEST(Metrics, UnequalLengthsAndUnknownClassesAreErrors) {
  EXPECT_THROW(static_cast<void>(confusion_of(Labels{0}, Labels{}, 2)), Error);
  EXPECT_THROW(static_cast<void>(confusion_of(Labels{2}, Labels{0}, 2)), Error);
  EXPECT_THROW(static_cast<void>(regression_metrics(Numbers{1}, Numbers{})), Error);
}

TEST(Metrics, WhichWayIsBetter) {
  EXPECT_TRUE(larger_is_better("accuracy"));
  EXPECT_FALSE(larger_is_better("mae"));
  EXPECT_TRUE(larger_is_better("f1_pos"));
  try {
    static_cast<void>(larger_is_better("acuracy"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("\"accuracy\""), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace heddle
