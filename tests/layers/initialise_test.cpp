#include "layers/initialise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace heddle {
namespace {

double mean_square(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) {
    sum += value * value;
  }
  return sum / static_cast<double>(values.size());
}

/// Largest |⟨row i, row j⟩ − (i = j)|.
double worst_product(const Tensor& matrix) {
  const std::vector<double> values = matrix.to_vector<double>();
  const std::int64_t rows = matrix.size(0);
  const std::int64_t cols = matrix.size(1);
  double worst = 0.0;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < rows; ++j) {
      double product = i == j ? -1.0 : 0.0;
      for (std::int64_t k = 0; k < cols; ++k) {
        product += values[static_cast<std::size_t>(i * cols + k)] *
                   values[static_cast<std::size_t>(j * cols + k)];
      }
      worst = std::max(worst, std::abs(product));
    }
  }
  return worst;
}

TEST(Initialise, OrthogonalMatricesHaveOrthonormalRowsOrColumns) {
  Generator generator(1);
  EXPECT_LT(worst_product(orthogonal(40, 40, generator, DType::f64)), 1e-13);
  EXPECT_LT(worst_product(orthogonal(5, 30, generator, DType::f64)), 1e-13);
  EXPECT_LT(worst_product(orthogonal(30, 5, generator, DType::f64).transpose(0, 1)), 1e-13);
}

TEST(Initialise, OrthogonalMatricesAreUniformlyOriented) {
  // The mean of any entry is 0; without the sign rule of QR the first would be negative always.
  Generator generator(2);
  double sum = 0.0;
  for (int i = 0; i < 400; ++i) {
    sum += orthogonal(3, 3, generator, DType::f64).select(0, 0).select(0, 0).item<double>();
  }
  EXPECT_LT(std::abs(sum / 400), 4 * std::sqrt(1.0 / 3.0 / 400));
}

TEST(Initialise, XavierUniformStaysInsideItsBoundAndFillsIt) {
  Generator generator(3);
  const std::vector<double> values =
      xavier_uniform({100, 200}, 200, 100, generator).to_vector<double>();
  const double bound = std::sqrt(6.0 / 300.0);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  EXPECT_GE(*low, -bound);
  EXPECT_LE(*high, bound);
  EXPECT_NEAR(mean_square(values), bound * bound / 3.0, 0.03 * bound * bound / 3.0);
}

TEST(Initialise, NormalInitialisersHaveTheirDeviation) {
  Generator generator(4);
  EXPECT_NEAR(mean_square(xavier_normal({200, 200}, 200, 200, generator).to_vector<double>()),
              1.0 / 200.0, 0.03 / 200.0);
  EXPECT_NEAR(mean_square(embedding_normal(500, 50, 0.5, generator).to_vector<double>()), 0.25,
              0.25 * 0.05);
}

TEST(Initialise, ForgetGateBiasIsOneAndTheRestZero) {
  const Tensor bias = forget_bias_one(2, 3);
  EXPECT_EQ(bias.select(0, 1).to_vector<float>(),
            (std::vector<float>{0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(Initialise, SameStreamGivesSameBitsAndNamesGiveOthers) {
  const Generator root(5);
  Generator first = root.named("a");
  Generator again = root.named("a");
  Generator other = root.named("b");
  const Tensor tensor = orthogonal(7, 9, first);
  EXPECT_TRUE(same_bits(tensor, orthogonal(7, 9, again)));
  EXPECT_FALSE(same_bits(tensor, orthogonal(7, 9, other)));
}

TEST(Initialise, SaysWhatIsWrongWithASize) {
  Generator generator(6);
  EXPECT_THROW(xavier_uniform({0, 4}, 4, 0, generator), Error);
  EXPECT_THROW(he_uniform({4, 0}, 0, generator), Error);
}

}  // namespace
}  // namespace heddle
