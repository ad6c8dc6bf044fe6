#include "train/model_batch.h"

#include <gtest/gtest.h>

#include <map>

#include "core/error.h"

namespace heddle {
namespace {

TEST(ModelBatch, RandomPresenceNeverHidesEverything) {
  Generator generator(1);
  constexpr std::int64_t batch = 20000;
  const Presence presence = random_presence(3, batch, 0.5, generator);
  std::map<int, std::int64_t> counts;
  for (std::int64_t sample = 0; sample < batch; ++sample) {
    int subset = 0;
    for (std::size_t m = 0; m < 3; ++m) {
      subset |= presence[m].data<bool>()[sample] ? 1 << m : 0;
    }
    ++counts[subset];
  }
  EXPECT_EQ(counts.count(0), 0u);
  for (int subset = 1; subset < 7; ++subset) {
    EXPECT_NEAR(static_cast<double>(counts[subset]) / batch, 0.5 / 7.0, 0.01) << subset;
  }
  EXPECT_NEAR(static_cast<double>(counts[7]) / batch, 0.5 + 0.5 / 7.0, 0.015);
}

TEST(ModelBatch, NoDropoutDrawsNothing) {
  Generator generator(1);
  const Presence presence = random_presence(2, 8, 0.0, generator);
  EXPECT_FALSE(presence[0].defined());
  EXPECT_EQ(generator.state().next, 0u);
}

TEST(ModelBatch, WhatOneMissingRateHidesAHigherOneHidesToo) {
  constexpr std::int64_t count = 4000;
  const Tensor samples = Tensor::arange(count);
  std::vector<double> before(3 * count, 1.0);
  double hidden_before = 0.0;
  for (const double rate : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    std::vector<double> shown;
    for (const Tensor& mask : presence_at_missing_rate(samples, 3, rate, 7)) {
      for (const double value : mask.to_vector<double>()) {
        shown.push_back(value);
      }
    }
    double hidden = 0.0;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      EXPECT_LE(shown[i], before[i]);
      hidden += (1.0 - shown[i]) / static_cast<double>(shown.size());
    }
    for (std::size_t sample = 0; sample < count; ++sample) {
      EXPECT_GE(shown[sample] + shown[count + sample] + shown[2 * count + sample], 1.0);
    }
    // All three would be hidden with probability rate³; then one stays.
    EXPECT_NEAR(hidden, rate - rate * rate * rate / 3.0, 0.015);
    EXPECT_GE(hidden, hidden_before);
    hidden_before = hidden;
    before = shown;
  }
}

TEST(ModelBatch, WhatIsMissingDependsOnSeedAndSampleAlone) {
  const Tensor some = Tensor::from<std::int64_t>({5, 900, -1, 17}, {2, 2});
  const Presence grouped = presence_at_missing_rate(some, 2, 0.5, 3);
  const Presence alone = presence_at_missing_rate(Tensor::from<std::int64_t>({17}, {1}), 2, 0.5, 3);
  const Presence all = presence_at_missing_rate(Tensor::arange(1000), 2, 0.5, 3);
  const Presence other = presence_at_missing_rate(Tensor::arange(1000), 2, 0.5, 4);
  for (std::size_t m = 0; m < 2; ++m) {
    EXPECT_EQ(grouped[m].shape(), (Shape{2, 2}));
    EXPECT_EQ(grouped[m].data<bool>()[3], alone[m].data<bool>()[0]);
    EXPECT_EQ(grouped[m].data<bool>()[1], all[m].data<bool>()[900]);
    EXPECT_TRUE(grouped[m].data<bool>()[2]) << "padding";
    EXPECT_NE(all[m].to_vector<double>(), other[m].to_vector<double>());
  }
  EXPECT_THROW(static_cast<void>(presence_at_missing_rate(some, 2, 1.5, 3)), InputError);
}

TEST(ModelBatch, SubsetsSingleFirstWholeLast) {
  const auto subsets = all_subsets(3);
  ASSERT_EQ(subsets.size(), 7u);
  EXPECT_EQ(subsets.front(), (std::vector<bool>{true, false, false}));
  EXPECT_EQ(subsets[3], (std::vector<bool>{true, true, false}));
  EXPECT_EQ(subsets.back(), (std::vector<bool>{true, true, true}));
}

TEST(ModelBatch, ASampleShowsWhatItHasAndIsLetShow) {
  SampleBatch batch;
  batch.samples = Tensor::from<std::int64_t>({0, 1, 2}, {3});
  BatchModality modality;
  modality.values = Tensor::zeros({3, 1});
  modality.present = Tensor::from<bool>({true, false, true}, {3});
  batch.modalities = {modality, modality};
  batch.modalities[1].present = {};
  const auto shown = [&](const Presence& presence, std::size_t m) {
    return model_batch(batch, presence).inputs[m].present.to_vector<double>();
  };
  EXPECT_EQ(shown({}, 0), (std::vector<double>{1, 0, 1}));
  EXPECT_FALSE(model_batch(batch, {}).inputs[1].present.defined());
  const Tensor mask = Tensor::from<bool>({false, true, true}, {3});
  EXPECT_EQ(shown({mask, mask}, 0), (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(shown({mask, mask}, 1), (std::vector<double>{0, 1, 1}));
}

TEST(ModelBatch, PresenceOfASubset) {
  const Presence presence = presence_of_subset({true, false}, 3);
  EXPECT_FALSE(presence[0].defined());
  EXPECT_EQ(presence[1].to_vector<double>(), (std::vector<double>{0, 0, 0}));
  EXPECT_THROW(static_cast<void>(presence_of_subset({false, false}, 3)), Error);
}

}  // namespace
}  // namespace heddle
