#include "train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

/// Trains from where `trainer` is to the end.
void finish(Trainer& trainer) {
  while (!trainer.finished()) {
    const Trainer::Step step = trainer.step();
    if (step.ends_epoch || trainer.finished()) {
      static_cast<void>(trainer.end_epoch());
    }
  }
}

std::string hash_after_training(const RunConfig& config, const Dataset& dataset) {
  Trainer trainer(config, dataset);
  finish(trainer);
  return weights_sha256(trainer.parameters());
}

TEST(Trainer, SameBitsForAnyNumberOfThreadsAndEveryRun) {
  const RunConfig config = small_config();
  const LoadedData data = load_data(config.data);
  const int before = thread_count();
  set_thread_count(1);
  const std::string expected = hash_after_training(config, data.dataset);
  EXPECT_EQ(hash_after_training(config, data.dataset), expected) << "second run";
  for (const int threads : {2, 3, 4}) {
    set_thread_count(threads);
    EXPECT_EQ(hash_after_training(config, data.dataset), expected) << threads << " threads";
  }
  set_thread_count(before);
}

TEST(Trainer, AnotherSeedGivesOtherWeights) {
  RunConfig config = small_config();
  const LoadedData data = load_data(config.data);
  const std::string first = hash_after_training(config, data.dataset);
  config.train.seed = 2;
  EXPECT_NE(hash_after_training(config, data.dataset), first);
}

TEST(Trainer, RestoredAtAnyStepItEndsWithTheSameBits) {
  RunConfig config = small_config();
  config.train.average_decay = 0.9;
  config.train.watch_test = true;
  config.train.select = "accuracy";
  config.train.choose = ChooseRule::one_standard_error;
  const LoadedData data = load_data(config.data);
  Trainer whole(config, data.dataset);
  std::vector<Snapshot> snapshots = {whole.snapshot()};
  while (!whole.finished()) {
    const Trainer::Step step = whole.step();
    if (step.ends_epoch) {
      static_cast<void>(whole.end_epoch());
    }
    snapshots.push_back(whole.snapshot());
  }
  const std::string expected = weights_sha256(whole.parameters());
  for (const Snapshot& snapshot : snapshots) {
    Trainer resumed(config, data.dataset);
    resumed.restore(snapshot);
    finish(resumed);
    EXPECT_EQ(weights_sha256(resumed.parameters()), expected) << "from " << snapshot.state.step;
    EXPECT_EQ(resumed.state().candidates.front().step, whole.state().candidates.front().step);
    ASSERT_EQ(resumed.state().history.size(), whole.state().history.size());
    for (std::size_t i = 0; i < whole.state().history.size(); ++i) {
      EXPECT_EQ(to_json_line(resumed.state().history[i]), to_json_line(whole.state().history[i]));
    }
    const std::vector<NamedTensor> best = whole.chosen_weights();
    for (std::size_t i = 0; i < best.size(); ++i) {
      EXPECT_TRUE(same_bits(resumed.chosen_weights()[i].tensor, best[i].tensor)) << best[i].name;
    }
  }
}

TEST(Trainer, LossFalls) {
  RunConfig config = small_config();
  config.train.epochs = 20;
  config.train.modality_dropout = 0.0;
  config.model.dropout = 0.0;
  config.optimizer.learning_rate = 1e-2;
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  const double before = trainer.evaluate(Split::train).loss;
  finish(trainer);
  EXPECT_LT(trainer.evaluate(Split::train).loss, 0.8 * before);
}

TEST(Trainer, StopsEarlyByTheValidationSplitAlone) {
  RunConfig config = small_config();
  config.train.epochs = 50;
  config.train.patience = 2;
  config.optimizer.learning_rate = 0.0;  // never better than at first
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  finish(trainer);
  EXPECT_TRUE(trainer.state().stopped_early);
  EXPECT_EQ(trainer.state().step, 3 * trainer.steps_per_epoch());
  EXPECT_EQ(trainer.state().candidates.front().step, trainer.steps_per_epoch());
}

TEST(Trainer, ChoosesTheEarliestEpochWithinOneStandardErrorOfTheBest) {
  RunConfig config = small_config();
  config.train.epochs = 25;
  config.train.modality_dropout = 0.0;
  config.optimizer.learning_rate = 1e-2;
  config.train.select = "accuracy";
  config.train.choose = ChooseRule::one_standard_error;
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  finish(trainer);
  double best = 0.0;
  for (const HistoryEntry& entry : trainer.state().history) {
    if (entry.split == "valid") {
      best = std::max(best, entry.values.at("accuracy"));
    }
  }
  const double bound = best - std::sqrt(best * (1.0 - best) / 20);
  std::int64_t earliest = 0;
  std::int64_t first_best = 0;
  for (const HistoryEntry& entry : trainer.state().history) {
    if (entry.split == "valid" && earliest == 0 && entry.values.at("accuracy") >= bound) {
      earliest = entry.step;
    }
    if (entry.split == "valid" && first_best == 0 && entry.values.at("accuracy") == best) {
      first_best = entry.step;
    }
  }
  EXPECT_LT(earliest, first_best);  // else this run shows nothing
  EXPECT_EQ(trainer.state().candidates.front().step, earliest);
  EXPECT_EQ(trainer.state().candidates.back().step, first_best);
}

TEST(Trainer, WatchingTheTestSplitChangesNothing) {
  RunConfig config = small_config();
  const LoadedData data = load_data(config.data);
  const std::string expected = hash_after_training(config, data.dataset);
  config.train.watch_test = true;
  EXPECT_EQ(hash_after_training(config, data.dataset), expected);
}

TEST(Trainer, MaxStepsEndsInTheMiddleOfAnEpoch) {
  RunConfig config = small_config();
  config.train.max_steps = 5;
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  finish(trainer);
  EXPECT_EQ(trainer.state().step, 5);
  EXPECT_EQ(trainer.state().history.back().split, "valid");
}

TEST(Trainer, WithoutValidationTheLastWeightsCount) {
  RunConfig config = small_config();
  config.data.valid = 0;
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  finish(trainer);
  EXPECT_TRUE(trainer.state().candidates.empty());
  EXPECT_TRUE(same_bits(trainer.chosen_weights().front().tensor,
                        trainer.parameters().front().variable.value()));
}

TEST(Trainer, ANonFiniteLossNamesStepAndOperation) {
  const RunConfig config = small_config();
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  static_cast<void>(trainer.step());
  Variable first = trainer.parameters().front().variable;
  first.value_in_place().fill_(std::nan(""));
  const std::string weights = weights_sha256(trainer.parameters());
  try {
    static_cast<void>(trainer.step());
    FAIL() << "no error";
  } catch (const NumericError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("step 2"), std::string::npos) << message;
    EXPECT_NE(message.find("loss"), std::string::npos) << message;
    EXPECT_NE(message.find("optimizer.learning_rate"), std::string::npos) << message;
  }
  EXPECT_EQ(weights_sha256(trainer.parameters()), weights) << "the step must not be taken";
}

TEST(Trainer, ANonFiniteValidationLossIsAnErrorToo) {
  // Else a run whose last update broke the weights would end as if all were well.
  const RunConfig config = small_config();
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  static_cast<void>(trainer.step());
  Variable first = trainer.parameters().front().variable;
  first.value_in_place().fill_(std::nan(""));
  EXPECT_THROW(static_cast<void>(trainer.end_epoch()), NumericError);
}

TEST(Trainer, ASnapshotOfAnotherModelIsRefused) {
  RunConfig config = small_config();
  const LoadedData data = load_data(config.data);
  const Trainer other(config, data.dataset);
  config.model.hidden = 7;
  Trainer trainer(config, data.dataset);
  EXPECT_THROW(trainer.restore(other.snapshot()), InputError);
}

TEST(Trainer, WhatTheDataLacksIsRefused) {
  RunConfig config = small_config();
  const LoadedData data = load_data(config.data);
  config.loss.regression = 1.0;  // built-in data has no targets
  EXPECT_THROW(Trainer(config, data.dataset), InputError);
  config = small_config();
  config.data.modalities = {"text", "odour"};
  EXPECT_THROW(Trainer(config, data.dataset), InputError);
  config = small_config();
  config.train.select = "acuracy";
  EXPECT_THROW(Trainer(config, data.dataset), InputError);
  config = small_config();
  config.model.name = "contextual";  // needs groups
  EXPECT_THROW(Trainer(config, data.dataset), InputError);
}

}  // namespace
}  // namespace heddle
