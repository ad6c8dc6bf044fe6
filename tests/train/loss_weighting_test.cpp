#include "train/loss_weighting.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/error.h"

namespace heddle {
namespace {

struct Plain {
  double loss;
  double weight;
  Likelihood likelihood;
};

const std::vector<Plain>& plain_parts() {
  static const std::vector<Plain> parts = {{0.7, 1.0, Likelihood::classes},
                                           {1.9, 0.3, Likelihood::gaussian},
                                           {0.4, 2.0, Likelihood::laplace}};
  return parts;
}

/// −log p of one observation whose loss is `loss`, but for what does not depend on σ or the model:
/// written from the densities, σ = e^{s/2}.
double negative_log_likelihood(const Plain& part, double s) {
  const double sigma = std::exp(s / 2.0);
  switch (part.likelihood) {
    case Likelihood::gaussian:
      return part.loss / (2.0 * sigma * sigma) + std::log(sigma);
    case Likelihood::laplace:
      return part.loss / sigma + std::log(sigma);
    case Likelihood::classes:
      break;
  }
  return part.loss / (sigma * sigma) + std::log(sigma);
}

std::vector<LossPart> parts_of(std::vector<Variable>& losses) {
  std::vector<LossPart> parts;
  for (const Plain& part : plain_parts()) {
    losses.emplace_back(Tensor::scalar(part.loss, DType::f64), true);
    parts.push_back({losses.back(), part.weight, part.likelihood});
  }
  return parts;
}

TEST(LossWeighting, FixedIsTheWeightedSumAndItsGradientTheWeights) {
  std::vector<Variable> losses;
  const std::vector<LossPart> parts = parts_of(losses);
  Tape tape;
  const Variable total = weighted_sum(parts, {});
  tape.backward(total);
  EXPECT_DOUBLE_EQ(total.item<double>(), 0.7 + 0.3 * 1.9 + 2.0 * 0.4);
  for (std::size_t i = 0; i < losses.size(); ++i) {
    EXPECT_DOUBLE_EQ(losses[i].grad().item<double>(), plain_parts()[i].weight);
  }
}

TEST(LossWeighting, UncertaintyIsTheSumOfLikelihoodsWithTheirGradients) {
  const std::vector<double> s = {0.3, -0.8, 1.1};
  std::vector<Variable> losses;
  const std::vector<LossPart> parts = parts_of(losses);
  Variable log_variances(Tensor::from<double>(s, {3}), true);
  Tape tape;
  const Variable total = weighted_sum(parts, log_variances);
  tape.backward(total);
  double expected = 0.0;
  const std::vector<double> gradient = log_variances.grad().value().to_vector<double>();
  for (std::size_t i = 0; i < s.size(); ++i) {
    Plain part = plain_parts()[i];
    expected += part.weight * negative_log_likelihood(part, s[i]);
    constexpr double h = 1e-6;
    const double by_s =
        (negative_log_likelihood(part, s[i] + h) - negative_log_likelihood(part, s[i] - h)) /
        (2 * h);
    EXPECT_NEAR(gradient[i], part.weight * by_s, 1e-8) << i;
    Plain more = part;
    Plain less = part;
    more.loss += h;
    less.loss -= h;
    const double by_loss =
        (negative_log_likelihood(more, s[i]) - negative_log_likelihood(less, s[i])) / (2 * h);
    EXPECT_NEAR(losses[i].grad().item<double>(), part.weight * by_loss, 1e-8) << i;
  }
  EXPECT_NEAR(total.item<double>(), expected, 1e-12);
}

// The best σ² of a part is its loss (classes and Gaussian: σ² = 2L and L), the best b of a Laplace
// part its loss: nothing is gained by an ever larger σ.
TEST(LossWeighting, TheBestVarianceIsThatOfTheLoss) {
  const std::vector<double> best = {std::log(2.0 * 0.7), std::log(1.9), 2.0 * std::log(0.4)};
  std::vector<Variable> losses;
  const std::vector<LossPart> parts = parts_of(losses);
  Variable log_variances(Tensor::from<double>(best, {3}), true);
  Tape tape;
  tape.backward(weighted_sum(parts, log_variances));
  for (const double slope : log_variances.grad().value().to_vector<double>()) {
    EXPECT_NEAR(slope, 0.0, 1e-12);
  }
}

TEST(LossWeighting, AsManyVariancesAsPartsAreExpected) {
  std::vector<Variable> losses;
  EXPECT_THROW(weighted_sum(parts_of(losses), Variable(Tensor::zeros({2}, DType::f64))), Error);
}

}  // namespace
}  // namespace heddle
