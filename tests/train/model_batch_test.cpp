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
