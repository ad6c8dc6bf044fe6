#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/kernels/elementwise_samples.h"
#include "tests/kernels/expect_error.h"

namespace heddle::testing {
namespace {

TEST(Elementwise, UnaryFunctionsAndTheirGradientsAreRight) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t size : sizes) {
      for (const UnaryCase& row : unary_cases()) {
        const std::string what = "operation " + std::to_string(static_cast<int>(row.op));
        const Tensor x = argument({size}, dtype, row.needs_positive);
        const Tensor y = unary(row.op, x);
        expect_near(y, mapped(x, row.value), tolerance_of(dtype), what);
        const Tensor dy = sample({size}, dtype, 2);
        const Tensor dx = unwritten({size}, dtype);
        cpu_kernels().elementwise.unary_backward(cpu_stream(), row.op, x.view(), y.view(),
                                                 dy.view(), dx.output_view());
        std::vector<double> expected = mapped(x, row.slope);
        const std::vector<double> upstream = dy.to_vector<double>();
        for (std::size_t i = 0; i < expected.size(); ++i) {
          expected[i] *= upstream[i];
        }
        expect_near(dx, expected, tolerance_of(dtype), "gradient of " + what);
      }
    }
  }
}

TEST(Elementwise, LeavesOutWhatTheGradientDoesNotNeed) {
  const Tensor dy = sample({5}, DType::f32, 1);
  const Tensor saved = argument({5}, DType::f32, true);
  const Tensor dx = unwritten({5}, DType::f32);
  for (const UnaryOp op :
       {UnaryOp::tanh, UnaryOp::sigmoid, UnaryOp::exp, UnaryOp::sqrt, UnaryOp::reciprocal}) {
    EXPECT_NO_THROW(cpu_kernels().elementwise.unary_backward(cpu_stream(), op, {}, saved.view(),
                                                             dy.view(), dx.output_view()));
  }
  for (const UnaryOp op : {UnaryOp::negate, UnaryOp::absolute, UnaryOp::log, UnaryOp::square,
                           UnaryOp::relu, UnaryOp::gelu, UnaryOp::softplus}) {
    EXPECT_NO_THROW(cpu_kernels().elementwise.unary_backward(cpu_stream(), op, saved.view(), {},
                                                             dy.view(), dx.output_view()));
  }
}

TEST(Elementwise, BinaryFunctionsAreRight) {
  for (const std::int64_t size : sizes) {
    for (int op = 0; op <= static_cast<int>(BinaryOp::maximum); ++op) {
      for (const DType dtype : {DType::f32, DType::f64}) {
        expect_binary(static_cast<BinaryOp>(op), argument({size}, dtype, true, 1),
                      argument({size}, dtype, true, 2));
      }
    }
    for (const BinaryOp op : whole_number_ops) {
      expect_binary(op, argument({size}, DType::i64, false, 1),
                    argument({size}, DType::i64, false, 2));
    }
  }
}

TEST(Elementwise, MinimumMaximumAndReluKeepNaN) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor some = Tensor::from<float>({nan, 1.0f, nan, 2.0f}, {4});
  const Tensor other = Tensor::from<float>({1.0f, nan, nan, 3.0f}, {4});
  for (const BinaryOp op : {BinaryOp::minimum, BinaryOp::maximum}) {
    const std::vector<float> got = binary(op, some, other).to_vector<float>();
    EXPECT_TRUE(std::isnan(got[0]) && std::isnan(got[1]) && std::isnan(got[2]));
    EXPECT_EQ(got[3], op == BinaryOp::minimum ? 2.0f : 3.0f);
  }
  EXPECT_TRUE(std::isnan(unary(UnaryOp::relu, some).to_vector<float>()[0]));
}

TEST(Elementwise, WholeNumbersWrapAround) {
  const Tensor most = Tensor::from<std::int64_t>({std::numeric_limits<std::int64_t>::max()}, {1});
  const Tensor one = Tensor::from<std::int64_t>({1}, {1});
  EXPECT_EQ(binary(BinaryOp::add, most, one).item<std::int64_t>(),
            std::numeric_limits<std::int64_t>::min());
}

TEST(Elementwise, WhereChoosesAndComparisonsAnswer) {
  for (const DType dtype : {DType::f32, DType::f64, DType::i64, DType::boolean}) {
    for (const std::int64_t size : sizes) {
      const Tensor a = argument({size}, DType::i64, false, 1).to(dtype);
      const Tensor b = argument({size}, DType::i64, false, 2).to(dtype);
      const std::vector<double> left = a.to_vector<double>();
      const std::vector<double> right = b.to_vector<double>();
      for (int op = 0; op <= static_cast<int>(CompareOp::greater_equal); ++op) {
        const Tensor answer = Tensor::full({size}, 1, DType::boolean);
        cpu_kernels().elementwise.compare(cpu_stream(), static_cast<CompareOp>(op), a.view(),
                                          b.view(), answer.output_view());
        const Tensor chosen = Tensor::zeros({size}, dtype);
        cpu_kernels().elementwise.where(cpu_stream(), answer.view(), a.view(), b.view(),
                                        chosen.output_view());
        std::vector<double> expected_answer;
        std::vector<double> expected_choice;
        for (std::size_t i = 0; i < left.size(); ++i) {
          const double l = left[i];
          const double r = right[i];
          const bool is =
              std::vector{l == r, l != r, l<r, l <= r, l> r, l >= r}[static_cast<std::size_t>(op)];
          expected_answer.push_back(is ? 1 : 0);
          expected_choice.push_back(is ? l : r);
        }
        EXPECT_EQ(answer.to_vector<double>(), expected_answer) << "comparison " << op;
        EXPECT_EQ(chosen.to_vector<double>(), expected_choice) << "comparison " << op;
      }
    }
  }
}

TEST(Elementwise, PairLossesAndTheirGradientsAreRight) {
  const auto softplus = [](double x) {
    return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
  };
  const auto value = [&](PairLoss loss, double x, double t) {
    switch (loss) {
      case PairLoss::squared:
        return (x - t) * (x - t);
      case PairLoss::absolute:
        return std::fabs(x - t);
      case PairLoss::binary_cross_entropy:
        return t * softplus(-x) + (1 - t) * softplus(x);
    }
    return std::numeric_limits<double>::quiet_NaN();
  };
  const auto slope = [&](PairLoss loss, double x, double t) {
    switch (loss) {
      case PairLoss::squared:
        return 2 * (x - t);
      case PairLoss::absolute:
        return x > t ? 1.0 : x < t ? -1.0 : 0.0;
      case PairLoss::binary_cross_entropy:
        return logistic(x) - t;
    }
    return std::numeric_limits<double>::quiet_NaN();
  };
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t size : sizes) {
      for (const PairLoss loss :
           {PairLoss::squared, PairLoss::absolute, PairLoss::binary_cross_entropy}) {
        const Tensor x = argument({size}, dtype, false, 1);
        const Tensor target = unary(UnaryOp::sigmoid, argument({size}, dtype, false, 2));
        const Tensor dout = sample({size}, dtype, 3);
        const Tensor out = unwritten({size}, dtype);
        const Tensor dx = unwritten({size}, dtype);
        cpu_kernels().elementwise.pair_loss(cpu_stream(), loss, x.view(), target.view(),
                                            out.output_view());
        cpu_kernels().elementwise.pair_loss_backward(cpu_stream(), loss, x.view(), target.view(),
                                                     dout.view(), dx.output_view());
        std::vector<double> losses = x.to_vector<double>();
        std::vector<double> slopes = losses;
        for (std::size_t i = 0; i < losses.size(); ++i) {
          const double t = target.to_vector<double>()[i];
          slopes[i] = dout.to_vector<double>()[i] * slope(loss, losses[i], t);
          losses[i] = value(loss, losses[i], t);
        }
        const std::string what = "loss " + std::to_string(static_cast<int>(loss));
        expect_near(out, losses, tolerance_of(dtype), what);
        expect_near(dx, slopes, tolerance_of(dtype), "gradient of " + what);
      }
    }
  }
}

TEST(Elementwise, BinaryCrossEntropyOfASureRightAnswerIsNotLost) {
  const Tensor x = Tensor::from<float>({30.0f, -30.0f}, {2});
  const Tensor target = Tensor::from<float>({1.0f, 0.0f}, {2});
  const Tensor loss = unwritten({2}, DType::f32);
  cpu_kernels().elementwise.pair_loss(cpu_stream(), PairLoss::binary_cross_entropy, x.view(),
                                      target.view(), loss.output_view());
  for (const double got : loss.to_vector<double>()) {
    EXPECT_NEAR(got / std::exp(-30.0), 1.0, 1e-6);
  }
}

TEST(Elementwise, ErrorsNameWhatWasFoundAndExpected) {
  const Tensor x = sample({2, 3}, DType::f32, 1);
  const Tensor other = sample({3, 2}, DType::f32, 1);
  const Tensor whole = Tensor::arange(6).reshape({2, 3});
  expect_error([&] { binary(BinaryOp::add, x, other); }, "binary: b is [3, 2]; expected [2, 3]");
  expect_error([&] { binary(BinaryOp::add, x, whole); }, "binary: b is i64; expected f32");
  expect_error([&] { binary(BinaryOp::divide, whole, whole); }, "expected f32 or f64");
  const Tensor out = Tensor::zeros({2, 3}, DType::i64);
  expect_error(
      [&] {
        cpu_kernels().elementwise.unary(cpu_stream(), UnaryOp::exp, whole.view(),
                                        out.output_view());
      },
      "unary: got i64, expected f32 or f64");
  const Tensor dx = unwritten({2, 3}, DType::f32);
  expect_error(
      [&] {
        cpu_kernels().elementwise.unary_backward(cpu_stream(), UnaryOp::tanh, x.view(), {},
                                                 x.view(), dx.output_view());
      },
      "y is not given");
}

}  // namespace
}  // namespace heddle::testing
