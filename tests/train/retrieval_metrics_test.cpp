#include "train/retrieval_metrics.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace heddle {
namespace {

/// Queries whose scores with the candidates are exactly these numbers.
std::vector<AnswerPlace> places(const std::vector<std::vector<double>>& scores,
                                const std::vector<std::int64_t>& queries,
                                const std::vector<std::int64_t>& candidates) {
  const auto rows = static_cast<std::int64_t>(scores.size());
  const auto width = static_cast<std::int64_t>(scores.front().size());
  Tensor left = Tensor::zeros({rows, width});
  for (std::int64_t i = 0; i < rows * width; ++i) {
    left.mutable_data<float>()[i] = static_cast<float>(
        scores[static_cast<std::size_t>(i / width)][static_cast<std::size_t>(i % width)]);
  }
  Tensor right = Tensor::zeros({width, width});
  for (std::int64_t i = 0; i < width; ++i) {
    right.mutable_data<float>()[i * width + i] = 1.0f;
  }
  return answer_places({left, queries}, {right, candidates});
}

TEST(RetrievalMetrics, APicturesRankIsThatOfItsBestCaption) {
  // Three pictures with two captions each. Picture 0: its captions score 0.2 and 0.9, others 0.95
  // and less: rank 2. Picture 1: rank 1. Picture 2: both captions behind all four others: rank 5.
  const std::vector<std::int64_t> captions = {0, 0, 1, 1, 2, 2};
  const auto found = places({{0.2, 0.9, 0.95, 0.1, 0.3, 0.4},
                             {0.1, 0.2, 0.3, 0.8, 0.7, 0.0},
                             {0.9, 0.8, 0.7, 0.6, 0.1, 0.2}},
                            {0, 1, 2}, captions);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].ahead, 1);
  EXPECT_EQ(found[1].ahead, 0);
  EXPECT_EQ(found[2].ahead, 4);
  const Metrics metrics = retrieval_metrics(found, "image", "text");
  EXPECT_DOUBLE_EQ(metrics.at("image_to_text_r1"), 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(metrics.at("image_to_text_r5"), 1.0);
  EXPECT_DOUBLE_EQ(metrics.at("image_to_text_r10"), 1.0);
  EXPECT_DOUBLE_EQ(metrics.at("image_to_text_median_rank"), 2.0);
}

TEST(RetrievalMetrics, ACaptionFindsItsOnePictureAmongAll) {
  // Ranks 1, 2, 3, 1: R@1 ½, median between 1 and 2.
  const auto found = places({{0.9, 0.1, 0.2}, {0.5, 0.6, 0.1}, {0.9, 0.8, 0.7}, {0.1, 0.2, 0.9}},
                            {0, 0, 2, 2}, {0, 1, 2});
  const Metrics metrics = retrieval_metrics(found, "text", "image");
  EXPECT_DOUBLE_EQ(metrics.at("text_to_image_r1"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("text_to_image_r5"), 1.0);
  EXPECT_DOUBLE_EQ(metrics.at("text_to_image_median_rank"), 1.5);
}

TEST(RetrievalMetrics, TiesAreBrokenByChance) {
  // One right answer among four with the same score, none ahead: first with ¼, within five surely.
  const AnswerPlace one = {.ahead = 0, .tied = 3, .right = 1};
  EXPECT_DOUBLE_EQ(share_within(one, 1), 0.25);
  EXPECT_DOUBLE_EQ(share_within(one, 3), 0.75);
  EXPECT_DOUBLE_EQ(share_within(one, 5), 1.0);
  EXPECT_DOUBLE_EQ(expected_rank(one), 2.5);
  // Two right among four: neither is first of two drawn with (2·1)/(4·3) = 1/6.
  const AnswerPlace two = {.ahead = 0, .tied = 2, .right = 2};
  EXPECT_DOUBLE_EQ(share_within(two, 2), 1.0 - 1.0 / 6.0);
  EXPECT_DOUBLE_EQ(expected_rank(two), 5.0 / 3.0);  // mean of 1 (3 of 6), 2 (2 of 6), 3 (1 of 6)
  const AnswerPlace behind = {.ahead = 5, .tied = 0, .right = 1};
  EXPECT_DOUBLE_EQ(share_within(behind, 5), 0.0);
  EXPECT_DOUBLE_EQ(share_within(behind, 6), 1.0);
  EXPECT_DOUBLE_EQ(expected_rank(behind), 6.0);
}

TEST(RetrievalMetrics, OneEmbeddingForEverythingIsChance) {
  const std::int64_t count = 40;
  RetrievalSide side;
  side.embeddings = Tensor::full({count, 3}, 0.5, DType::f32);
  for (std::int64_t i = 0; i < count; ++i) {
    side.identities.push_back(i);
  }
  const Metrics metrics = retrieval_metrics(answer_places(side, side), "a", "b");
  EXPECT_NEAR(metrics.at("a_to_b_r1"), 1.0 / 40.0, 1e-12);
  EXPECT_NEAR(metrics.at("a_to_b_r10"), 10.0 / 40.0, 1e-12);
  EXPECT_NEAR(metrics.at("a_to_b_median_rank"), 20.5, 1e-12);
}

TEST(RetrievalMetrics, AQueryWithoutAnAnswerIsLeftOut) {
  EXPECT_EQ(places({{0.5, 0.4}, {0.1, 0.2}}, {7, 1}, {0, 1}).size(), 1u);
  EXPECT_TRUE(retrieval_metrics({}, "a", "b").empty());
}

TEST(RetrievalMetrics, NamesAreReadBack) {
  const auto recall = retrieval_metric_named("german_to_english_r10");
  ASSERT_TRUE(recall.has_value());
  EXPECT_EQ(recall->left, "german");
  EXPECT_EQ(recall->right, "english");
  EXPECT_EQ(recall->k, 10);
  EXPECT_EQ(retrieval_metric_named("a_to_b_median_rank")->k, 0);
  for (const char* other : {"accuracy", "a_to_b", "_to_b_r1", "a_to_b_r2", "recall_mean"}) {
    EXPECT_FALSE(retrieval_metric_named(other).has_value()) << other;
  }
  EXPECT_TRUE(larger_is_better("a_to_b_r1"));
  EXPECT_TRUE(larger_is_better("recall_mean"));
  EXPECT_FALSE(larger_is_better("a_to_b_median_rank"));
}

}  // namespace
}  // namespace heddle
