#include "autograd/gradcheck.h"

#include <gtest/gtest.h>

#include "autograd/ops.h"

namespace heddle {
namespace {

/// x², with a gradient that is wrong by `factor` and, at second order, right for what it claims.
Variable square_with_gradient(const Variable& x, double factor) {
  Operation op("square_with_gradient", {x}, Where::current());
  return op.finish(square(x.detach()).value(),
                   [x = op.save(x), factor](const BackwardCall& call) -> Variables {
                     return {2.0 * factor * call.get(x) * call.dy()};
                   });
}

const Variable& some_input() {
  static const Variable x(Tensor::from<double>({0.5, -1.5, 2.0}, {3}), true);
  return x;
}

TEST(Gradcheck, accepts_a_right_gradient) {
  const auto result =
      gradcheck([](const Variables& in) { return Variables{square_with_gradient(in[0], 1.0)}; },
                {some_input()});
  EXPECT_TRUE(result.passed) << result.message;
  EXPECT_LT(result.worst, 1e-9);
}

TEST(Gradcheck, refuses_a_gradient_that_is_wrong_in_the_sixth_digit) {
  const auto result = gradcheck(
      [](const Variables& in) { return Variables{square_with_gradient(in[0], 1.0 + 1e-5)}; },
      {some_input()});
  EXPECT_FALSE(result.passed);
  EXPECT_NE(result.message.find("input 0 element 2"), std::string::npos) << result.message;
}

TEST(Gradcheck, refuses_a_missing_gradient) {
  const auto result = gradcheck(
      [](const Variables& in) { return Variables{in[0] * in[0].detach()}; }, {some_input()});
  EXPECT_FALSE(result.passed);
}

TEST(Gradcheck, asks_for_double) {
  const Variable x(Tensor::from<float>({1.0f}, {1}), true);
  EXPECT_THROW(gradcheck([](const Variables& in) { return Variables{square(in[0])}; }, {x}), Error);
}

TEST(Gradgradcheck, refuses_a_second_derivative_that_is_cut_off) {
  const auto cut = [](const Variables& in) {
    const Variable& x = in[0];
    Operation op("cut", {x}, Where::current());
    return Variables{op.finish(square(x.detach()).value(),
                               [x = op.save(x)](const BackwardCall& call) -> Variables {
                                 return {2.0 * call.get(x).detach() * call.dy()};
                               })};
  };
  EXPECT_TRUE(gradcheck(cut, {some_input()}).passed);
  EXPECT_FALSE(gradgradcheck(cut, {some_input()}).passed);
}

}  // namespace
}  // namespace heddle
