#include <algorithm>
#include <bit>
#include <cmath>
#include <iostream>
#include <thread>
#include <vector>

#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct Function {
  UnaryOp op;
  const char* name;
  double (*exact)(double);
  double allowed_ulp;  // distance from the exact value in units of the last place of f32
};

const std::vector<Function>& functions() {
  static const std::vector<Function> all{
      {UnaryOp::exp, "exp", [](double x) { return std::exp(x); }, 1.5},
      {UnaryOp::tanh, "tanh", [](double x) { return std::tanh(x); }, 1.5},
      {UnaryOp::sigmoid, "sigmoid", [](double x) { return 1.0 / (1.0 + std::exp(-x)); }, 1.75},
  };
  return all;
}

const std::vector<Function>& further_functions() {
  static const std::vector<Function> all{
      {UnaryOp::log, "log", [](double x) { return std::log(x); }, 1.0},
      {UnaryOp::softplus, "softplus",
       [](double x) { return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }, 2.5},
      {UnaryOp::gelu, "gelu",
       [](double x) { return x < -40 ? -0.0 : 0.5 * x * std::erfc(-x * std::sqrt(0.5)); }, 6.0},
  };
  return all;
}

struct Worst {
  double ulp = 0;
  float at = 0;
  std::int64_t wrong = 0;  // NaN, infinity or zero where it must not be, or the other way round
  float wrong_at = 0;

  void join(const Worst& other) {
    if (other.ulp > ulp) {
      ulp = other.ulp;
      at = other.at;
    }
    if (other.wrong > 0) {
      wrong_at = other.wrong_at;
    }
    wrong += other.wrong;
  }
};

/// Subnormal arguments count as zero, and subnormal results may be.
void compare(float x, float got, double (*exact)(double), Worst& worst) {
  constexpr double least_normal = std::numeric_limits<float>::min();
  const double argument = std::fabs(x) < std::numeric_limits<float>::min() ? 0.0 * x : x;
  const double expected = exact(argument);
  const auto rounded = static_cast<float>(expected);
  bool is_wrong = false;
  if (std::isnan(expected) || std::isnan(got)) {
    is_wrong = std::isnan(expected) != std::isnan(got);
  } else if (std::isinf(rounded) || std::isinf(got)) {
    is_wrong = rounded != got;
  } else if (std::fabs(expected) < least_normal) {
    is_wrong = std::fabs(got) > least_normal;
  } else {
    const double unit = std::ldexp(1.0, std::ilogb(expected) - 23);
    const double ulp = std::fabs(got - expected) / unit;
    if (ulp > worst.ulp) {
      worst.ulp = ulp;
      worst.at = x;
    }
  }
  if (is_wrong) {
    ++worst.wrong;
    worst.wrong_at = x;
  }
}

/// All f32 bit patterns first, first + step, … through the kernel, a chunk at a time.
Worst measure(const Function& function, std::uint64_t first, std::uint64_t step) {
  constexpr std::int64_t chunk = 8192;
  constexpr std::uint64_t patterns = std::uint64_t{1} << 32;
  Tensor x = Tensor::empty({chunk});
  Tensor y = Tensor::empty({chunk});
  auto* const in = x.mutable_data<float>();
  const auto* const out = y.data<float>();
  Worst worst;
  for (std::uint64_t pattern = first; pattern < patterns;) {
    std::int64_t count = 0;
    for (; count < chunk && pattern < patterns; ++count, pattern += step) {
      in[count] = std::bit_cast<float>(static_cast<std::uint32_t>(pattern));
    }
    cpu_kernels().elementwise.unary(cpu_stream(), function.op, x.view(), y.output_view());
    for (std::int64_t i = 0; i < count; ++i) {
      compare(in[i], out[i], function.exact, worst);
    }
  }
  return worst;
}

Worst measure_on_all_cores(const Function& function, std::uint64_t step) {
  const auto threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<Worst> worst(threads);
  std::vector<std::thread> pool;
  for (unsigned t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] { worst[t] = measure(function, t * step, threads * step); });
  }
  for (std::thread& thread : pool) {
    thread.join();
  }
  for (unsigned t = 1; t < threads; ++t) {
    worst[0].join(worst[t]);
  }
  return worst[0];
}

void expect_accurate(const Function& function, std::uint64_t step) {
  const Worst worst = measure_on_all_cores(function, step);
  std::cout << function.name << ": at most " << worst.ulp << " ulp, at x = " << worst.at << "\n";
  EXPECT_LE(worst.ulp, function.allowed_ulp) << function.name << " at " << worst.at;
  EXPECT_EQ(worst.wrong, 0) << function.name << " at " << worst.wrong_at;
}

TEST(VectorMath, IsAccurateOnASampleOfAllFloats) {
  for (const Function& function : functions()) {
    expect_accurate(function, 4099);
  }
  for (const Function& function : further_functions()) {
    expect_accurate(function, 4099);
  }
}

// One function per test, so that they may run side by side or alone.
TEST(VectorMathSlow, ExpIsAccurateOnAllFloats) { expect_accurate(functions()[0], 1); }
TEST(VectorMathSlow, TanhIsAccurateOnAllFloats) { expect_accurate(functions()[1], 1); }
TEST(VectorMathSlow, SigmoidIsAccurateOnAllFloats) { expect_accurate(functions()[2], 1); }

float value_at(UnaryOp op, float x, DType dtype = DType::f32) {
  const Tensor in = Tensor::scalar(x, DType::f32).to(dtype);
  const Tensor out = Tensor::empty({}, dtype);
  cpu_kernels().elementwise.unary(cpu_stream(), op, in.view(), out.output_view());
  return out.item<float>();
}

TEST(VectorMath, TakesZerosInfinitiesAndNaNToTheirLimits) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  struct Row {
    UnaryOp op;
    float at_minus_infinity, at_minus_zero, at_zero, at_infinity;
  };
  const auto log2 = std::log(2.0f);
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const Row& row :
         {Row{UnaryOp::exp, 0, 1, 1, infinity}, Row{UnaryOp::tanh, -1, -0.0f, 0, 1},
          Row{UnaryOp::sigmoid, 0, 0.5f, 0.5f, 1},
          Row{UnaryOp::log, nan, -infinity, -infinity, infinity},
          Row{UnaryOp::softplus, 0, log2, log2, infinity},
          Row{UnaryOp::gelu, -0.0f, -0.0f, 0, infinity}, Row{UnaryOp::relu, 0, 0, 0, infinity}}) {
      const auto op = static_cast<int>(row.op);
      const auto expect = [&](float x, float expected) {
        const float got = value_at(row.op, x, dtype);
        if (std::isnan(expected)) {
          EXPECT_TRUE(std::isnan(got)) << op << " at " << x;
        } else {
          EXPECT_EQ(got, expected) << op << " at " << x;
          EXPECT_EQ(std::signbit(got), std::signbit(expected)) << op << " at " << x;
        }
      };
      expect(-infinity, row.at_minus_infinity);
      expect(-0.0f, row.at_minus_zero);
      expect(0.0f, row.at_zero);
      expect(infinity, row.at_infinity);
      expect(nan, nan);
    }
  }
}

TEST(VectorMath, ExpReachesTheEdgesOfTheRange) {
  EXPECT_EQ(value_at(UnaryOp::exp, 0x1.62e430p+6f), std::numeric_limits<float>::infinity());
  EXPECT_NEAR(value_at(UnaryOp::exp, 0x1.62e42ep+6f) / 3.4028e38f, 1.0f, 1e-4f);
  EXPECT_GE(value_at(UnaryOp::exp, -87.3365f), std::numeric_limits<float>::min());
  EXPECT_EQ(value_at(UnaryOp::exp, -87.34f), 0.0f);
  EXPECT_TRUE(std::isnan(value_at(UnaryOp::log, -1.0f)));
}

}  // namespace
}  // namespace heddle::testing
