#include "train/schedule.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace heddle {
namespace {

TEST(Schedule, ConstantIsOne) {
  const Schedule schedule({}, 100, 10);
  EXPECT_EQ(schedule.factor(0), 1.0);
  EXPECT_EQ(schedule.factor(99), 1.0);
}

TEST(Schedule, WarmUpRisesInEqualSteps) {
  const Schedule schedule({.warmup_steps = 4}, 100, 10);
  EXPECT_EQ(schedule.factor(0), 0.25);
  EXPECT_EQ(schedule.factor(2), 0.75);
  EXPECT_EQ(schedule.factor(3), 1.0);
  EXPECT_EQ(schedule.factor(4), 1.0);
}

TEST(Schedule, CosineFallsFromOneToItsEnd) {
  const Schedule schedule({.kind = ScheduleKind::cosine, .warmup_steps = 20, .final_factor = 0.1},
                          120, 10);
  EXPECT_EQ(schedule.factor(19), 1.0);
  EXPECT_EQ(schedule.factor(20), 1.0);
  EXPECT_NEAR(schedule.factor(45), 0.1 + 0.9 * 0.5 * (1.0 + 0.70710678118654752), 1e-15);
  EXPECT_NEAR(schedule.factor(70), 0.55, 1e-15);
  EXPECT_NEAR(schedule.factor(120), 0.1, 1e-15);
  EXPECT_NEAR(schedule.factor(1000), 0.1, 1e-15);  // stays there
}

TEST(Schedule, InverseSqrtFallsFromTheEndOfTheWarmUp) {
  const Schedule schedule({.kind = ScheduleKind::inverse_sqrt, .warmup_steps = 100}, 1000, 10);
  EXPECT_EQ(schedule.factor(49), 0.5);
  EXPECT_EQ(schedule.factor(99), 1.0);
  EXPECT_NEAR(schedule.factor(399), 0.5, 1e-15);
  EXPECT_NEAR(schedule.factor(899), 1.0 / 3.0, 1e-15);
  const Schedule cold({.kind = ScheduleKind::inverse_sqrt}, 1000, 10);
  EXPECT_EQ(cold.factor(0), 1.0);
  EXPECT_EQ(cold.factor(3), 0.5);
}

TEST(Schedule, StepFallsByEpochs) {
  const Schedule schedule({.kind = ScheduleKind::step, .step_epochs = 2, .step_factor = 0.5}, 100,
                          10);
  EXPECT_EQ(schedule.factor(19), 1.0);
  EXPECT_EQ(schedule.factor(20), 0.5);
  EXPECT_EQ(schedule.factor(40), 0.25);
}

TEST(Schedule, WarmUpLongerThanTheRunIsNoDivisionByZero) {
  const Schedule schedule({.kind = ScheduleKind::cosine, .warmup_steps = 100}, 10, 5);
  EXPECT_EQ(schedule.factor(9), 0.1);
}

TEST(Schedule, NeedsSteps) { EXPECT_THROW(Schedule({}, 0, 1), Error); }

}  // namespace
}  // namespace heddle
