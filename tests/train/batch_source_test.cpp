#include "train/batch_source.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/train/small_run.h"
#include "train/trained_model.h"

namespace heddle {
namespace {

class Source : public testing::Test {
 protected:
  BatchSource source() { return {config_.train, data_.dataset, modalities_, *model_, loss_}; }

  static void expect_same(StepBatch left, StepBatch right) {
    const std::vector<Tensor*> l = tensors_of(left);
    const std::vector<Tensor*> r = tensors_of(right);
    ASSERT_EQ(l.size(), r.size());
    for (std::size_t i = 0; i < l.size(); ++i) {
      ASSERT_EQ(l[i]->defined(), r[i]->defined());
      EXPECT_TRUE(!l[i]->defined() || same_bits(*l[i], *r[i]));
    }
    EXPECT_EQ(left.samples, right.samples);
    EXPECT_EQ(left.ends_epoch, right.ends_epoch);
  }

  RunConfig config_ = small_config();
  LoadedData data_ = load_data(config_.data);
  std::vector<std::string> modalities_ = modalities_used(config_, data_.dataset);
  Loss loss_{config_.loss, data_.dataset};
  std::unique_ptr<Model> model_ = model_for(config_, data_.dataset, loss_);
};

TEST_F(Source, WhatIsMadeReadyAheadIsWhatComesNextAnyway) {
  BatchSource plain = source();
  BatchSource ahead = source();
  for (std::int64_t step = 0; step < 9; ++step) {
    expect_same(ahead.next(step), plain.next(step));
    ahead.prepare(step + 1);
    ahead.prepare(step + 1);  // is ready already
    EXPECT_EQ(ahead.place().sampler, plain.place().sampler);
    EXPECT_EQ(ahead.place().presence, plain.place().presence);
  }
}

TEST_F(Source, GoesOnFromAPlaceThoughTheNextBatchWasReady) {
  BatchSource source_ = source();
  static_cast<void>(source_.next(0));
  source_.prepare(1);
  const BatchSource::Place place = source_.place();
  const StepBatch expected = source_.next(1);
  static_cast<void>(source_.next(2));
  source_.prepare(3);
  source_.restore(place);
  expect_same(source_.next(1), expected);
}

TEST_F(Source, EndsAnEpochWithItsLastBatch) {
  BatchSource source_ = source();
  for (std::int64_t step = 0; step < 8; ++step) {
    EXPECT_EQ(source_.next(step).ends_epoch, step % 4 == 3);
  }
}

}  // namespace
}  // namespace heddle
