#include "layers/reverse_gradient.h"

#include <gtest/gtest.h>

#include <vector>

#include "autograd/ops.h"
#include "autograd/tape.h"

namespace heddle {
namespace {

TEST(ReverseGradient, ValuesPassAndGradientsTurnAround) {
  const Variable x(Tensor::from<float>({0.1f, -3.7f, 1e20f}, {3}), true);
  Tape tape;
  const Variable y = reverse_gradient(x, 0.25);
  EXPECT_TRUE(same_bits(y.value(), x.value()));
  tape.backward(sum(y * Variable(Tensor::from<float>({1, 2, 4}, {3}))));
  EXPECT_EQ(x.grad().value().to_vector<float>(), (std::vector<float>{-0.25f, -0.5f, -1.0f}));
}

TEST(ReverseGradient, StrengthMayStandOnTheDevice) {
  const Variable x(Tensor::from<float>({0.1f, -3.7f, 1e20f, 5.0f}, {2, 2}), true);
  for (const float strength : {0.0f, 0.25f}) {
    Tape tape;
    Variable handle = x;
    handle.clear_grad();
    const Variable y = reverse_gradient(x, Tensor::from<float>({strength}, {1}));
    EXPECT_TRUE(same_bits(y.value(), x.value()));
    tape.backward(sum(y * Variable(Tensor::from<float>({1, 2, 4, 8}, {2, 2}))));
    EXPECT_EQ(x.grad().value().to_vector<float>(),
              (std::vector<float>{-strength, -2 * strength, -4 * strength, -8 * strength}));
  }
}

}  // namespace
}  // namespace heddle
