#include "train/breakdown.h"

#include <gtest/gtest.h>

#include <vector>

namespace heddle {
namespace {

/// Six samples of three classes, the last of which stands for other answers.
Dataset answers() {
  Dataset dataset;
  dataset.samples = 6;
  dataset.class_names = {"yes", "no", "<other>"};
  dataset.other_class = 2;
  dataset.labels = Tensor::from<std::int64_t>({1, 1, 0, 2, 2, 2}, {6});
  dataset.splits[0] = {0, 1, 2, 3, 4, 5};
  dataset.category = "type";
  dataset.category_of = {"closed", "closed", "open", "open", "open", "closed"};
  return dataset;
}

TEST(Breakdown, TheMajorityIsOfTheTrainingSplitAndNeverOtherAnswers) {
  EXPECT_EQ(majority_class(answers()), 1);
}

TEST(Breakdown, OtherAnswersAreNeverPredicted) {
  const std::vector<double> probabilities = {0.1, 0.2, 0.7};
  EXPECT_EQ(most_probable(probabilities, 2), 1);
  EXPECT_EQ(most_probable(probabilities, -1), 2);
}

TEST(Breakdown, AccuracyByCategoryAndOfTheMajority) {
  Predictions predictions;
  predictions.samples = {0, 1, 2, 3};
  predictions.labels = {1, 1, 0, 2};
  predictions.predicted = {1, 0, 0, 1};
  const Metrics metrics = detailed_metrics(predictions, answers());
  EXPECT_DOUBLE_EQ(metrics.at("accuracy"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("majority_accuracy"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("accuracy[closed]"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("accuracy[open]"), 0.5);
  EXPECT_FALSE(metrics.contains("auc"));
}

TEST(Breakdown, CollapseIsOneClassPredictedWhereThereAreSeveral) {
  Predictions predictions;
  predictions.labels = {0, 1, 1};
  predictions.predicted = {1, 1, 1};
  EXPECT_EQ(collapsed_to(predictions), 1);
  predictions.predicted = {1, 1, 0};
  EXPECT_FALSE(collapsed_to(predictions).has_value());
  predictions.predicted = {1, 1, 1};
  predictions.labels = {1, 1, 1};
  EXPECT_FALSE(collapsed_to(predictions).has_value());
}

TEST(Breakdown, TwoClassesHaveAnIntervalOfTheAuc) {
  Dataset dataset = answers();
  dataset.class_names = {"well", "ill"};
  dataset.other_class = -1;
  dataset.labels = Tensor::from<std::int64_t>({0, 0, 0, 1, 1, 1}, {6});
  Predictions predictions;
  predictions.samples = {0, 1, 2, 3, 4, 5};
  predictions.labels = {0, 0, 0, 1, 1, 1};
  predictions.predicted = {0, 0, 1, 1, 1, 0};
  for (const double score : {0.1, 0.2, 0.6, 0.7, 0.8, 0.3}) {
    predictions.probabilities.push_back({1 - score, score});
  }
  const Metrics metrics = detailed_metrics(predictions, dataset);
  EXPECT_DOUBLE_EQ(metrics.at("auc"), 8.0 / 9.0);
  EXPECT_LE(metrics.at("auc_low"), metrics.at("auc"));
  EXPECT_EQ(metrics.at("auc_high"), 1.0);
}

}  // namespace
}  // namespace heddle
