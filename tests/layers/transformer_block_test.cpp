#include "layers/transformer_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/ops.h"
#include "tests/layers/parameter_check.h"

namespace heddle {
namespace {

Variable random(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return Variable(random_normal(shape, 0.0, 1.0, generator, DType::f64));
}

double worst_difference(const Tensor& left, const Tensor& right) {
  const std::vector<double> a = left.to_vector<double>();
  const std::vector<double> b = right.to_vector<double>();
  EXPECT_EQ(a.size(), b.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    worst = std::max(worst, std::abs(a[i] - b[i]));
  }
  return worst;
}

TEST(TransformerBlock, IsTheSumOfItsPreNormParts) {
  TransformerBlock block(
      4, {.heads = 2, .attends_memory = true, .normalises_memory = true, .dtype = DType::f64},
      Generator(1));
  const Variable x = random({3, 2, 4}, 1);
  const Variable memory = random({5, 2, 4}, 2);
  Variable expected = add(x, (*block.self)((*block.self_norm)(x), {.causal = true}));
  expected =
      add(expected, (*block.cross)((*block.cross_norm)(expected), (*block.memory_norm)(memory)));
  expected = add(expected, block.feed_out(gelu(block.feed_in(block.feed_norm(expected)))));
  EXPECT_LT(worst_difference(block(x, {.causal = true}, memory).value(), expected.value()), 1e-12);
  EXPECT_EQ(block.feed_in.weight.shape(), (Shape{16, 4}));
}

TEST(TransformerBlock, HiddenKeysChangeNothing) {
  TransformerBlock block(4, {.heads = 2, .dtype = DType::f64}, Generator(1));
  const Variable x = random({5, 2, 4}, 1);
  const Tensor lengths = Tensor::from<std::int64_t>({3, 3}, {2});
  const Tensor masked = block(x, {.key_lengths = lengths}).value();
  EXPECT_LT(worst_difference(masked.slice(0, 0, 3), block(slice(x, 0, 0, 3)).value()), 1e-14);
}

TEST(TransformerBlock, PassesGradcheck) {
  TransformerBlock block(
      2, {.heads = 1, .feed_forward = 3, .attends_memory = true, .dtype = DType::f64},
      Generator(3));
  const Variable x = random({2, 1, 2}, 1);
  const Variable memory = random({2, 1, 2}, 2);
  const GradcheckResult result =
      check_parameters(block, [&]() -> Variables { return {block(x, {}, memory)}; });
  EXPECT_TRUE(result.passed) << result.message;
}

TEST(TransformerBlock, SaysWhatIsMissing) {
  EXPECT_THROW(TransformerBlock(4, {.attends_self = false}, Generator(1)), Error);
  TransformerBlock block(4, {.attends_memory = true, .dtype = DType::f64}, Generator(1));
  EXPECT_THROW(block(random({3, 2, 4}, 1)), Error);
}

TEST(SinusoidalPositions, AreSinesAndCosines) {
  const Tensor from_start = sinusoidal_positions(4, 6, DType::f64);
  const std::vector<double> row = from_start.select(0, 3).to_vector<double>();
  EXPECT_NEAR(row[0], std::sin(3.0), 1e-15);
  EXPECT_NEAR(row[1], std::cos(3.0), 1e-15);
  EXPECT_NEAR(row[4], std::sin(3.0 / std::pow(10000.0, 4.0 / 6.0)), 1e-15);
  EXPECT_EQ(worst_difference(from_start.slice(0, 2, 4), sinusoidal_positions(2, 6, DType::f64, 2)),
            0.0);
}

}  // namespace
}  // namespace heddle
