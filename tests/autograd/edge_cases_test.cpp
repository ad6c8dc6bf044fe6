// Values at the borders of operations: kinks, ties, masks over NaN, nothing to count, operands
// changed before backward.

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "core/random.h"

namespace heddle {
namespace {

const double nan = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();

Variable leaf_of(std::initializer_list<double> values, const Shape& shape) {
  return Variable(Tensor::from(values, shape), true);
}

std::vector<double> grad_of(const Variable& x) { return x.grad().value().to_vector<double>(); }

TEST(EdgeCases, WhereGivesZeroToTheSideNotTakenEvenIfItIsNan) {
  Tape tape;
  const Variable a = leaf_of({1.0, nan, 3.0}, {3});
  const Variable b = leaf_of({nan, 2.0, infinity}, {3});
  const Variable y = where(Tensor::from({true, false, true}, {3}), a * 2.0, b * b);
  tape.backward(sum(y));
  EXPECT_EQ(y.value().to_vector<double>(), (std::vector<double>{2.0, 4.0, 6.0}));
  EXPECT_EQ(grad_of(a), (std::vector<double>{2.0, 0.0, 2.0}));
  EXPECT_TRUE(std::isnan(grad_of(b)[0]));  // 0 · NaN in b·b, not in where
  EXPECT_EQ(grad_of(b)[1], 4.0);
}

TEST(EdgeCases, SlopesAtKinksAreZero) {
  for (const auto f : {relu, absolute}) {
    for (const bool create_graph : {false, true}) {
      Tape tape;
      const Variable x = leaf_of({0.0, -0.0}, {2});
      tape.backward(sum(f(x, Where::current())), {.create_graph = create_graph});
      EXPECT_EQ(grad_of(x), (std::vector<double>{0.0, 0.0}));
    }
  }
}

TEST(EdgeCases, TiesGoToTheFirst) {
  Tape tape;
  const Variable a = leaf_of({2.0, 1.0, 2.0}, {3});
  const Variable b = leaf_of({2.0, 1.0, 3.0}, {3});
  tape.backward(sum(maximum(a, b)) + max(a, 0));
  EXPECT_EQ(grad_of(a), (std::vector<double>{2.0, 1.0, 0.0}));
  EXPECT_EQ(grad_of(b), (std::vector<double>{0.0, 0.0, 1.0}));
  EXPECT_EQ(argmax(a.value(), 0).item<std::int64_t>(), 0);
}

TEST(EdgeCases, PowerOfZero) {
  Tape tape;
  const Variable base = leaf_of({0.0, 0.0, 0.0}, {3});
  const Variable exponent = leaf_of({0.0, 1.0, 2.0}, {3});
  const Variable y = power(base, exponent);
  tape.backward(sum(y));
  EXPECT_EQ(y.value().to_vector<double>(), (std::vector<double>{1.0, 0.0, 0.0}));
  EXPECT_EQ(grad_of(base), (std::vector<double>{0.0, 1.0, 0.0}));
  EXPECT_EQ(grad_of(exponent), (std::vector<double>{0.0, 0.0, 0.0}));
}

TEST(EdgeCases, LogsumexpOfNothingButMinusInfinity) {
  Tape tape;
  const Variable x = leaf_of({-infinity, -infinity, 0.0, -infinity}, {2, 2});
  const Variable y = logsumexp(x, {1});
  tape.backward(sum(y));
  EXPECT_EQ(y.value().to_vector<double>(), (std::vector<double>{-infinity, 0.0}));
  EXPECT_EQ(grad_of(x), (std::vector<double>{0.0, 0.0, 1.0, 0.0}));
}

TEST(EdgeCases, SoftmaxBeyondLengths) {
  Tape tape;
  const Variable x = leaf_of({0.0, nan, 0.0, 0.0, nan, nan}, {3, 2});
  const Tensor lengths = Tensor::from({std::int64_t{1}, std::int64_t{2}, std::int64_t{0}}, {3});
  const Variable y = softmax(x, lengths);
  EXPECT_EQ(y.value().to_vector<double>(), (std::vector<double>{1.0, 0.0, 0.5, 0.5, 0.0, 0.0}));
  EXPECT_EQ(
      log_softmax(x, lengths).value().to_vector<double>(),
      (std::vector<double>{0.0, -infinity, -std::log(2.0), -std::log(2.0), -infinity, -infinity}));
  tape.backward(sum(square(y)));
  EXPECT_EQ(grad_of(x), (std::vector<double>{0.0, 0.0, 0.0, 0.0, 0.0, 0.0}));
}

TEST(EdgeCases, CrossEntropyOfNothingIsZero) {
  Tape tape;
  const Variable logits = leaf_of({1.0, 2.0, nan, 4.0}, {2, 2});
  const Tensor ignored = Tensor::from({std::int64_t{-100}, std::int64_t{-100}}, {2});
  const Variable loss = cross_entropy(logits, ignored);
  tape.backward(loss);
  EXPECT_EQ(loss.item<double>(), 0.0);
  EXPECT_EQ(grad_of(logits), (std::vector<double>{0.0, 0.0, 0.0, 0.0}));
}

TEST(EdgeCases, CrossEntropyOfLargeLogitsIsExact) {
  const Variable logits = leaf_of({1e4, 0.0, -1e4, 0.0}, {2, 2});
  const Tensor targets = Tensor::from({std::int64_t{0}, std::int64_t{0}}, {2});
  EXPECT_DOUBLE_EQ(cross_entropy(logits, targets).item<double>(), 5e3);
}

TEST(EdgeCases, ElementsOfWeightZeroAreLeftOutEvenIfNan) {
  Tape tape;
  const Variable x = leaf_of({1.0, nan, 3.0}, {3});
  const Tensor targets = Tensor::zeros({3}, DType::f64);
  const Variable loss = mean_squared_error(x, targets, Tensor::from({1.0, 0.0, 1.0}, {3}));
  EXPECT_EQ(loss.item<double>(), 5.0);
  EXPECT_EQ(mean_squared_error(x, targets, targets).item<double>(), 0.0);
}

TEST(EdgeCases, WhatStandsBeyondALengthDoesNotReachTheLstm) {
  Generator generator(1);
  const auto drawn = [&](const Shape& shape) {
    return Variable(random_uniform(shape, -1.0, 1.0, generator, DType::f64), true);
  };
  const Variable weight_input = drawn({2, 12, 2});
  const Variable weight_hidden = drawn({2, 12, 3});
  const Tensor lengths = Tensor::from({std::int64_t{2}, std::int64_t{4}}, {2});
  const Tensor clean = random_uniform({4, 2, 2}, -1.0, 1.0, generator, DType::f64);
  const Tensor dirty = clean.clone();
  dirty.slice(0, 2).select(1, 0).fill_(nan);
  std::vector<Tensor> results;
  for (const Tensor& values : {clean, dirty}) {
    Tape tape;
    const Variable x(values, true);
    const LstmResult found = lstm(x, weight_input, weight_hidden, {}, lengths);
    const Variables gradients =
        tape.gradient({sum(found.y) + sum(found.c_n)}, {x, weight_input, weight_hidden});
    results.push_back(found.y.value());
    results.push_back(found.h_n.value());
    for (const Variable& gradient : gradients) {
      results.push_back(gradient.value());
    }
  }
  for (std::size_t i = 0; i < results.size() / 2; ++i) {
    EXPECT_TRUE(same_bits(results[i], results[i + results.size() / 2])) << "result " << i;
  }
}

TEST(EdgeCases, DropoutKeepsTheMeanAndUsesOneMaskBothWays) {
  Tape tape;
  Generator generator(5);
  const Variable x(Tensor::full({20000}, 1.0), true);
  const Variable y = dropout(x, 0.25, generator);
  EXPECT_EQ(generator.state().next, 20000u);
  tape.backward(sum(y));
  EXPECT_TRUE(same_bits(x.grad().value(), y.value()));
  EXPECT_NEAR(mean(y).item<double>(), 1.0, 0.02);
  EXPECT_TRUE(dropout(x, 0.0, generator).same_as(x));
  EXPECT_EQ(generator.state().next, 20000u);
}

TEST(EdgeCases, IndicesChangedBeforeBackwardAreCaught) {
  Tape tape;
  const Variable table(Tensor::full({3, 2}, 1.0), true);
  Tensor ids = Tensor::from({std::int64_t{0}, std::int64_t{2}}, {2});
  const Variable y = embedding(table, ids);
  ids.fill_(1e6, "spoil");
  try {
    tape.backward(sum(y));
    ADD_FAILURE() << "nothing thrown";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("embedding"), std::string::npos) << message;
    EXPECT_NE(message.find("spoil"), std::string::npos) << message;
  }
}

TEST(EdgeCases, OperatorsKeepTheLineTheyStandOn) {
  DetectAnomaly detect;
  const Variable x = leaf_of({0.0}, {1});
  try {
    const Variable y = x / x;
    ADD_FAILURE() << "nothing thrown";
  } catch (const NumericError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("divide"), std::string::npos) << message;
    EXPECT_NE(message.find("edge_cases_test.cpp"), std::string::npos) << message;
  }
}

TEST(EdgeCases, IntegersAddAndReduceWithoutGradient) {
  const Variable a(Tensor::arange(4));
  EXPECT_EQ(sum(a * a).item<std::int64_t>(), 14);
  EXPECT_FALSE((a + a).needs_grad());
}

TEST(EdgeCases, ViewsShareMemory) {
  const Variable x(Tensor::zeros({4, 6}), true);
  EXPECT_TRUE(slice(transpose(reshape(x, {2, 2, 6}), 0, 2), 0, 1, 3)
                  .value()
                  .shares_storage_with(x.value()));
  EXPECT_TRUE(expand(select(x, 0, 1), {3, 6}).value().shares_storage_with(x.value()));
}

}  // namespace
}  // namespace heddle
