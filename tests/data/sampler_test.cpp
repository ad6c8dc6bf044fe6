#include "data/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/core/throws.h"

namespace heddle {
namespace {

const std::vector<std::int64_t> items = {10, 11, 12, 13, 14, 15, 16};

TEST(BatchSampler, EachEpochDealsEveryItemOnceInANewOrder) {
  BatchSampler sampler(items, {.batch_size = 3}, 5);
  EXPECT_EQ(sampler.batches_per_epoch(), 3);
  std::vector<std::vector<std::int64_t>> epochs(4);
  for (std::int64_t epoch = 0; epoch < 4; ++epoch) {
    EXPECT_TRUE(sampler.at_epoch_start());
    for (int batch = 0; batch < 3; ++batch) {
      EXPECT_EQ(sampler.state().epoch, epoch);
      const auto dealt = sampler.next();
      EXPECT_EQ(dealt.size(), batch == 2 ? 1u : 3u);
      auto& all = epochs[static_cast<std::size_t>(epoch)];
      all.insert(all.end(), dealt.begin(), dealt.end());
    }
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
  for (auto& all : epochs) {
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, items);
  }
}

TEST(BatchSampler, ARestoredOneGoesOnWithTheSameBatches) {
  BatchSampler whole(items, {.batch_size = 2, .drop_last = true}, 9);
  for (int steps = 0; steps < 20; ++steps) {
    BatchSampler resumed(items, {.batch_size = 2, .drop_last = true}, 1);
    resumed.restore(whole.state());
    BatchSampler copy = whole;
    for (int i = 0; i < 7; ++i) {
      EXPECT_EQ(resumed.next(), copy.next());
    }
    EXPECT_EQ(resumed.state(), copy.state());
    whole.next();
  }
}

TEST(BatchSampler, SeedsDifferAndOrderIsKeptWithoutShuffling) {
  BatchSampler first(items, {.batch_size = 7}, 1);
  BatchSampler second(items, {.batch_size = 7}, 2);
  EXPECT_NE(first.next(), second.next());
  BatchSampler ordered(items, {.batch_size = 7, .shuffle = false}, 1);
  EXPECT_EQ(ordered.next(), items);
  EXPECT_EQ(ordered.next(), items);
}

TEST(BatchSampler, RefusesWhatItCannotDeal) {
  EXPECT_NE(message_of([] { BatchSampler({}, {}, 1); }).find("no item"), std::string::npos);
  EXPECT_NE(message_of([] { BatchSampler(items, {.batch_size = 0}, 1); }).find("batch_size 0"),
            std::string::npos);
  EXPECT_NE(message_of([] {
              BatchSampler(items, {.batch_size = 8, .drop_last = true}, 1);
            }).find("leaves no batch"),
            std::string::npos);
  BatchSampler sampler(items, {.batch_size = 2}, 1);
  for (const BatchSampler::State state :
       {BatchSampler::State{1, 0, 1}, BatchSampler::State{1, 0, 8}, BatchSampler::State{1, -1, 0},
        BatchSampler::State{1, 0, -2}}) {
    EXPECT_NE(message_of<InputError>([&] { sampler.restore(state); }).find("does not fit 7 items"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace heddle
