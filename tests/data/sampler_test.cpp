#include "data/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
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

/// Items 0 … 199 with two lengths each, of which few are equal.
SamplerOptions by_length(std::int64_t batch_tokens) {
  SamplerOptions options{.batch_tokens = batch_tokens};
  for (std::int64_t i = 0; i < 200; ++i) {
    options.lengths.push_back({1 + i * 7 % 23, 1 + i * 5 % 17});
  }
  return options;
}

std::vector<std::int64_t> many_items() {
  std::vector<std::int64_t> many(200);
  std::iota(many.begin(), many.end(), std::int64_t{});
  return many;
}

TEST(BatchSampler, FillsBatchesByTokens) {
  const SamplerOptions options = by_length(120);
  BatchSampler sampler(many_items(), options, 1);
  std::vector<std::vector<std::int64_t>> first_epoch;
  double used = 0.0;
  double padded = 0.0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::vector<std::int64_t> all;
    for (std::int64_t b = 0; b < sampler.batches_per_epoch(); ++b) {
      EXPECT_EQ(sampler.at_epoch_start(), b == 0);
      const std::vector<std::int64_t> batch = sampler.next();
      std::array<std::int64_t, 2> longest = {};
      for (const std::int64_t item : batch) {
        for (std::size_t k = 0; k < 2; ++k) {
          const std::int64_t length = options.lengths[static_cast<std::size_t>(item)][k];
          longest[k] = std::max(longest[k], length);
          used += epoch == 0 ? static_cast<double>(length) : 0.0;
        }
      }
      const auto size = static_cast<std::int64_t>(batch.size());
      EXPECT_LE(size * std::max(longest[0], longest[1]), 120);
      padded += epoch == 0 ? static_cast<double>(size * (longest[0] + longest[1])) : 0.0;
      all.insert(all.end(), batch.begin(), batch.end());
      if (epoch == 0) {
        first_epoch.push_back(batch);
      } else if (b == 0) {
        EXPECT_NE(batch, first_epoch.front());
      }
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, many_items());
  }
  EXPECT_NEAR(sampler.padding_share(), 1.0 - used / padded, 1e-12);
  EXPECT_LT(sampler.padding_share(), 0.35);
}

TEST(BatchSampler, ResumesBatchesByTokens) {
  BatchSampler whole(many_items(), by_length(90), 4);
  for (int steps = 0; steps < 60; ++steps) {
    BatchSampler resumed(many_items(), by_length(90), 4);
    resumed.restore(whole.state());
    BatchSampler copy = whole;
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(resumed.next(), copy.next());
    }
    EXPECT_EQ(resumed.state(), copy.state());
    whole.next();
  }
  BatchSampler sampler(many_items(), by_length(90), 4);
  const std::vector<std::int64_t> next = BatchSampler(sampler).next();
  for (const BatchSampler::State state :
       {BatchSampler::State{4, 0, 1}, BatchSampler::State{4, -1, 0},
        BatchSampler::State{4, 0, 200}}) {
    static_cast<void>(message_of<InputError>([&] { sampler.restore(state); }));
    EXPECT_EQ(BatchSampler(sampler).next(), next);
  }
}

TEST(BatchSampler, AnItemLongerThanABatchStandsAlone) {
  SamplerOptions options{.batch_tokens = 10};
  options.lengths = {{4}, {50}, {5}};
  BatchSampler sampler({7, 8, 9}, options, 1);
  EXPECT_EQ(sampler.batches_per_epoch(), 2);
  std::set<std::vector<std::int64_t>> batches;
  for (int i = 0; i < 2; ++i) {
    std::vector<std::int64_t> batch = sampler.next();
    std::sort(batch.begin(), batch.end());
    batches.insert(batch);
  }
  EXPECT_EQ(batches, (std::set<std::vector<std::int64_t>>{{8}, {7, 9}}));
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
