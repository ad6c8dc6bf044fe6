#include "layers/group_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "autograd/ops.h"
#include "core/error.h"
#include "core/random.h"
#include "tests/layers/parameter_check.h"

namespace heddle {
namespace {

Tensor random(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return random_normal(shape, 0.5, 2.0, generator, DType::f64);
}

GroupNorm drawn(std::int64_t groups, std::int64_t channels) {
  GroupNorm norm(groups, channels, 1e-5, DType::f64);
  norm.scale.set_value(random({channels}, 7));
  norm.shift.set_value(random({channels}, 8));
  return norm;
}

TEST(GroupNorm, IsMeanAndDeviationOfEachGroupOfEachSample) {
  constexpr std::size_t samples = 2;
  constexpr std::size_t channels = 6;
  constexpr std::size_t places = 6;  // 2 × 3
  const Tensor x = random({2, 6, 2, 3}, 1);
  const std::vector<double> in = x.to_vector<double>();
  for (const std::int64_t groups : {1, 2, 3, 6}) {
    const GroupNorm norm = drawn(groups, 6);
    const std::vector<double> scale = norm.scale.value().to_vector<double>();
    const std::vector<double> shift = norm.shift.value().to_vector<double>();
    const std::vector<double> found = norm(Variable(x)).value().to_vector<double>();
    const std::vector<double> at_least_0 =
        norm(Variable(x), Activation::relu).value().to_vector<double>();
    const std::size_t each = channels / static_cast<std::size_t>(groups);
    for (std::size_t b = 0; b < samples; ++b) {
      for (std::size_t channel = 0; channel < channels; ++channel) {
        const std::size_t begin = (b * channels + channel / each * each) * places;
        const std::size_t end = begin + each * places;
        double mean = 0.0;
        for (std::size_t i = begin; i < end; ++i) {
          mean += in[i] / static_cast<double>(end - begin);
        }
        double variance = 0.0;
        for (std::size_t i = begin; i < end; ++i) {
          variance += (in[i] - mean) * (in[i] - mean) / static_cast<double>(end - begin);
        }
        for (std::size_t place = 0; place < places; ++place) {
          const std::size_t i = (b * channels + channel) * places + place;
          const double y =
              (in[i] - mean) / std::sqrt(variance + 1e-5) * scale[channel] + shift[channel];
          EXPECT_NEAR(found[i], y, 1e-12) << groups << " groups, element " << i;
          EXPECT_NEAR(at_least_0[i], std::fmax(y, 0.0), 1e-12);
        }
      }
    }
  }
}

TEST(GroupNorm, PassesGradcheck) {
  GroupNorm norm = drawn(2, 4);
  const Variable x(random({2, 4, 2, 2}, 3), true);
  const GradcheckResult parameters =
      check_parameters(norm, [&]() -> Variables { return {norm(x)}; });
  EXPECT_TRUE(parameters.passed) << parameters.message;
  const GradcheckResult input =
      gradcheck([&](const Variables& given) -> Variables { return {norm(given[0])}; }, {x});
  EXPECT_TRUE(input.passed) << input.message;
}

TEST(GroupNorm, RefusesChannelsThatDoNotFillTheGroups) {
  EXPECT_THROW(GroupNorm(4, 6), Error);
  EXPECT_THROW(GroupNorm(0, 6), Error);
  EXPECT_THROW(drawn(2, 4)(Variable(random({2, 3, 2, 2}, 1))), Error);
}

}  // namespace
}  // namespace heddle
