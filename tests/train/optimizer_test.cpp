#include "train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace heddle {
namespace {

Variable parameter(std::initializer_list<double> values, const Shape& shape) {
  return Variable(Tensor::from<double>(values, shape), true);
}

void give_gradient(Variable& variable, std::initializer_list<double> values) {
  variable.set_grad(Variable(Tensor::from<double>(values, variable.shape())));
}

/// One update with the learning rate times `rate_factor`.
void step(Optimizer& optimizer, double rate_factor = 1.0, double clip_norm = 0.0,
          double loss = 1.0) {
  optimizer.begin_step(rate_factor);
  optimizer.update(Tensor::scalar(loss, DType::f64), clip_norm);
}

double value_at(const Variable& variable, std::int64_t i) {
  return variable.value().data<double>()[i];
}

TEST(Optimizer, AdamFollowsTheFormula) {
  OptimizerConfig config;
  config.kind = OptimizerKind::adam;
  config.learning_rate = 0.1;
  Variable weight = parameter({1.0}, {1, 1});
  Optimizer optimizer(config, {{"weight", weight}});
  double expected = 1.0;
  double m = 0.0;
  double v = 0.0;
  for (int t = 1; t <= 5; ++t) {
    const double g = 0.5 * t - 1.2;
    give_gradient(weight, {g});
    step(optimizer);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const double m_hat = m / (1.0 - std::pow(0.9, t));
    const double v_hat = v / (1.0 - std::pow(0.999, t));
    expected -= 0.1 * m_hat / (std::sqrt(v_hat) + 1e-8);
    EXPECT_NEAR(value_at(weight, 0), expected, 1e-12) << "step " << t;
  }
  EXPECT_EQ(optimizer.steps(), 5);
}

TEST(Optimizer, DecayActsOnTheWeightOrOnTheGradient) {
  for (const OptimizerKind kind : {OptimizerKind::adamw, OptimizerKind::adam}) {
    OptimizerConfig config;
    config.kind = kind;
    config.learning_rate = 0.1;
    config.weight_decay = 0.5;
    Variable weight = parameter({2.0}, {1, 1});
    Optimizer optimizer(config, {{"weight", weight}});
    give_gradient(weight, {0.0});
    step(optimizer);
    // adamw: only 2·(1 − 0.1·0.5). adam: the gradient is 0.5·2, and the first step is lr·sign.
    EXPECT_NEAR(value_at(weight, 0), 1.9, 1e-8);
    give_gradient(weight, {0.0});
    step(optimizer);
    if (kind == OptimizerKind::adamw) {
      EXPECT_NEAR(value_at(weight, 0), 1.9 * 0.95, 1e-12);
    } else {
      EXPECT_NE(value_at(weight, 0), 1.9 * 0.95);
    }
  }
}

TEST(Optimizer, BiasesDoNotDecay) {
  OptimizerConfig config;
  config.weight_decay = 0.5;
  config.learning_rate = 0.1;
  Variable bias = parameter({2.0}, {1});
  Optimizer optimizer(config, {{"bias", bias}});
  give_gradient(bias, {0.0});
  step(optimizer);
  EXPECT_EQ(value_at(bias, 0), 2.0);
}

TEST(Optimizer, SgdWithMomentumAndNesterov) {
  for (const bool nesterov : {false, true}) {
    OptimizerConfig config;
    config.kind = OptimizerKind::sgd;
    config.learning_rate = 0.1;
    config.momentum = 0.9;
    config.nesterov = nesterov;
    Variable weight = parameter({1.0}, {1, 1});
    Optimizer optimizer(config, {{"weight", weight}});
    double expected = 1.0;
    double velocity = 0.0;
    for (const double g : {1.0, 0.5, -2.0}) {
      give_gradient(weight, {g});
      step(optimizer);
      velocity = 0.9 * velocity + g;
      expected -= 0.1 * (nesterov ? g + 0.9 * velocity : velocity);
      EXPECT_NEAR(value_at(weight, 0), expected, 1e-14);
    }
  }
}

TEST(Optimizer, RateFactorAndClippingMultiply) {
  OptimizerConfig config;
  config.kind = OptimizerKind::sgd;
  config.learning_rate = 0.1;
  Variable weight = parameter({1.0}, {1, 1});
  Optimizer optimizer(config, {{"weight", weight}});
  give_gradient(weight, {3.0});
  step(optimizer, 0.5, 0.75);  // a norm of 3, so a scale of 0.25
  EXPECT_NEAR(value_at(weight, 0), 1.0 - 0.05 * 0.75, 1e-15);
}

TEST(Optimizer, NormIsOverAllParameters) {
  Variable left = parameter({1.0, 2.0}, {2});
  Variable right = parameter({0.0, 0.0}, {1, 2});
  Variable unused = parameter({5.0}, {1});
  Optimizer optimizer({}, {{"left", left}, {"right", right}, {"unused", unused}});
  give_gradient(left, {1.0, 2.0});
  give_gradient(right, {2.0, 4.0});
  step(optimizer);
  EXPECT_DOUBLE_EQ(optimizer.scalars().gradient_norm, 5.0);
}

TEST(Optimizer, AFailedStepStopsAllUpdatesUntilItIsForgotten) {
  Variable weight = parameter({1.0}, {1, 1});
  Optimizer optimizer({}, {{"weight", weight}});
  give_gradient(weight, {0.5});
  step(optimizer, 1.0, 0.0, 2.0);
  const double before = value_at(weight, 0);
  const double moment = optimizer.state()[0].second.item<double>();
  step(optimizer, 1.0, 0.0, std::nan(""));
  step(optimizer, 1.0, 0.0, 3.0);
  EXPECT_EQ(value_at(weight, 0), before);
  EXPECT_EQ(optimizer.state()[0].second.item<double>(), moment);
  EXPECT_EQ(optimizer.scalars().failed_step, 2.0);
  EXPECT_EQ(optimizer.scalars().loss_sum, 2.0);
  optimizer.set_sums(7.0, 8.0);
  step(optimizer, 1.0, 0.0, 3.0);
  EXPECT_NE(value_at(weight, 0), before);
  EXPECT_EQ(optimizer.scalars().loss_sum, 10.0);
  EXPECT_EQ(optimizer.scalars().gradient_norm_sum, 8.5);
}

TEST(Optimizer, LazyEmbeddingsLeaveUntouchedRowsAlone) {
  OptimizerConfig config;
  config.learning_rate = 0.1;
  config.lazy_embeddings = true;
  Variable table = parameter({1.0, 1.0, 2.0, 2.0}, {2, 2});
  Variable dense = parameter({1.0, 1.0, 2.0, 2.0}, {2, 2});
  Optimizer optimizer(config, {{"text.embedding.weight", table}, {"linear.weight", dense}});
  for (Variable* variable : {&table, &dense}) {
    give_gradient(*variable, {1.0, 1.0, 1.0, 1.0});
  }
  step(optimizer);
  const double before = value_at(table, 2);
  for (Variable* variable : {&table, &dense}) {
    give_gradient(*variable, {1.0, 1.0, 0.0, 0.0});
  }
  step(optimizer);
  EXPECT_EQ(value_at(table, 2), before);
  EXPECT_NE(value_at(dense, 2), before);  // dense Adam goes on by its momentum
}

TEST(Optimizer, StateIsNamedAfterParameters) {
  Variable weight = parameter({1.0}, {1, 1});
  const Optimizer adam({}, {{"a.weight", weight}});
  ASSERT_EQ(adam.state().size(), 2u);
  EXPECT_EQ(adam.state()[0].first, "first.a.weight");
  EXPECT_EQ(adam.state()[1].first, "second.a.weight");
  OptimizerConfig plain;
  plain.kind = OptimizerKind::sgd;
  EXPECT_TRUE(Optimizer(plain, {{"a.weight", weight}}).state().empty());
}

TEST(Optimizer, NeedsParameters) { EXPECT_THROW(Optimizer({}, {}), Error); }

}  // namespace
}  // namespace heddle
