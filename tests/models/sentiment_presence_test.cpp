// What a sample lacks, and what stands beyond its lengths, must not matter.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "tests/models/tiny_sentiment.h"

namespace heddle {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

TEST(SentimentPresence, NothingBeyondALengthOrAbsentReachesResultsOrGradients) {
  for (const ModelConfig& config : tiny_configs()) {
    const std::unique_ptr<Model> model = build(config);
    ModelBatch clean = tiny_batch();
    clean.inputs[0].present = flags({true, false, true});
    clean.inputs[1].present = flags({false, true, true});
    clean.inputs[2].present = flags({true, true, false});
    clean.inputs[3].present = flags({false, false, false});
    ModelBatch dirty = clean;
    for (ModelInput& input : dirty.inputs) {
      input.values = input.values.clone();
    }
    dirty.inputs[0].values.select(1, 1).fill_(-77);                  // absent
    dirty.inputs[0].values.select(1, 2).slice(0, 3).fill_(1000000);  // beyond its length
    dirty.inputs[1].values.select(0, 0).fill_(not_a_number);
    dirty.inputs[2].values.select(1, 2).fill_(not_a_number);
    dirty.inputs[2].values.select(1, 1).slice(0, 3).fill_(not_a_number);
    dirty.inputs[3].values.fill_(not_a_number);
    dirty.inputs[2].lengths = Tensor::from<std::int64_t>({5, 3, 4}, {3});
    EXPECT_EQ(results_of(*model, clean), results_of(*model, dirty));
    const std::vector<double> gradients = gradients_of(*model, clean);
    EXPECT_EQ(gradients, gradients_of(*model, dirty));
    EXPECT_TRUE(std::all_of(gradients.begin(), gradients.end(),
                            [](double value) { return std::isfinite(value); }));
  }
}

TEST(SentimentPresence, MorePaddingChangesNothing) {
  for (const ModelConfig& config : tiny_configs()) {
    const std::unique_ptr<Model> model = build(config);
    const ModelBatch batch = tiny_batch();
    ModelBatch longer = batch;
    longer.inputs[0].values = Tensor::zeros({9, 3}, DType::i64);
    longer.inputs[0].values.slice(0, 0, 4).copy_(batch.inputs[0].values);
    longer.inputs[2].values = Tensor::zeros({8, 3, 3});
    longer.inputs[2].values.slice(0, 0, 5).copy_(batch.inputs[2].values);
    expect_near(results_of(*model, longer), results_of(*model, batch), 1e-13);
  }
}

TEST(SentimentPresence, SamplesDoNotMix) {
  for (const ModelConfig& config : tiny_configs()) {
    const std::unique_ptr<Model> model = build(config);
    ModelBatch batch = tiny_batch();
    batch.inputs[2].present = flags({true, false, true});
    const Tensor whole = (*model)(batch).logits.value();
    ModelBatch alone = batch;  // sample 1 by itself
    alone.inputs[0] = {batch.inputs[0].values.slice(1, 1, 2).slice(0, 0, 2), {}, {}};
    alone.inputs[1].values = batch.inputs[1].values.slice(0, 1, 2);
    alone.inputs[2] = {batch.inputs[2].values.slice(1, 1, 2), {}, flags({false})};
    alone.inputs[3].values = batch.inputs[3].values.slice(0, 1, 2);
    expect_near((*model)(alone).logits.value().to_vector<double>(),
                whole.select(0, 1).to_vector<double>(), 1e-13);
  }
}

TEST(SentimentPresence, MissingIsNotTheSameAsZeroInput) {
  ModelConfig config = tiny_config();
  config.missing_vectors = true;
  const std::unique_ptr<Model> model = build(config);
  ModelBatch zero = tiny_batch();
  zero.inputs[3].values = Tensor::zeros({3, 4});
  ModelBatch missing = zero;
  missing.inputs[3].present = flags({false, false, false});
  EXPECT_NE(results_of(*model, zero), results_of(*model, missing));
}

TEST(SentimentPresence, ASentenceWithoutWordsIsAMissingOne) {
  const std::unique_ptr<Model> model = build(tiny_configs()[0]);
  ModelBatch empty = tiny_batch();
  empty.inputs[0].lengths = Tensor::from<std::int64_t>({4, 0, 3}, {3});
  ModelBatch missing = tiny_batch();
  missing.inputs[0].present = flags({true, false, true});
  EXPECT_EQ(results_of(*model, empty), results_of(*model, missing));
}

}  // namespace
}  // namespace heddle
