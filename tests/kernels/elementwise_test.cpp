#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

constexpr double pi = 3.14159265358979323846;

struct UnaryCase {
  UnaryOp op;
  double (*value)(double);
  double (*slope)(double);
  bool needs_positive = false;
};

double normal_below(double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)); }
double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

const std::vector<UnaryCase>& unary_cases() {
  static const std::vector<UnaryCase> all{
      {UnaryOp::negate, [](double x) { return -x; }, [](double) { return -1.0; }},
      {UnaryOp::absolute, [](double x) { return std::fabs(x); },
       [](double x) { return x > 0   ? 1.0
                             : x < 0 ? -1.0
                                     : 0.0; }},
      {UnaryOp::exp, [](double x) { return std::exp(x); }, [](double x) { return std::exp(x); }},
      {UnaryOp::log, [](double x) { return std::log(x); }, [](double x) { return 1 / x; }, true},
      {UnaryOp::sqrt, [](double x) { return std::sqrt(x); },
       [](double x) { return 0.5 / std::sqrt(x); }, true},
      {UnaryOp::square, [](double x) { return x * x; }, [](double x) { return 2 * x; }},
      {UnaryOp::reciprocal, [](double x) { return 1 / x; }, [](double x) { return -1 / (x * x); },
       true},
      {UnaryOp::tanh, [](double x) { return std::tanh(x); },
       [](double x) { return 1 - std::tanh(x) * std::tanh(x); }},
      {UnaryOp::sigmoid, logistic, [](double x) { return logistic(x) * logistic(-x); }},
      {UnaryOp::relu, [](double x) { return x > 0 ? x : 0.0; },
       [](double x) { return x > 0 ? 1.0 : 0.0; }},
      {UnaryOp::gelu, [](double x) { return x * normal_below(x); },
       [](double x) { return normal_below(x) + x * std::exp(-0.5 * x * x) / std::sqrt(2 * pi); }},
      {UnaryOp::softplus, [](double x) { return std::log1p(std::exp(x)); }, logistic},
  };
  return all;
}

/// In [−5, 5], or [0.1, 5] where the function needs it; zero included where it may be.
Tensor argument(const Shape& shape, DType dtype, bool needs_positive, std::uint64_t seed = 1) {
  Generator generator(seed);
  Tensor x = random_uniform(shape, needs_positive ? 0.1 : -5.0, 5.0, generator);
  if (!needs_positive && x.elements() > 2) {
    x.flatten().slice(0, 1, 2).fill_(0.0);
  }
  return x.to(dtype);
}

Tensor unary(UnaryOp op, const Tensor& x) {
  const Tensor out = unwritten(x.shape(), x.dtype());
  cpu_kernels().elementwise.unary(cpu_stream(), op, x.view(), out.output_view());
  return out;
}

std::vector<double> mapped(const Tensor& x, const std::function<double(double)>& function) {
  std::vector<double> values = x.to_vector<double>();
  std::transform(values.begin(), values.end(), values.begin(), function);
  return values;
}

const std::vector<std::int64_t> sizes{0, 1, 31, 32, 33, 127, 128, 129, 1000};

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

TEST(Elementwise, AnElementHasTheSameBitsWhereverItStands) {
  for (const UnaryCase& row : unary_cases()) {
    const Tensor x = argument({203}, DType::f32, row.needs_positive);
    const Tensor all = unary(row.op, x);
    for (std::int64_t begin = 0; begin < 9; ++begin) {
      for (const std::int64_t step : {1, 3}) {
        const Tensor part = x.slice(0, begin, Tensor::end, step);
        const Tensor expected = all.slice(0, begin, Tensor::end, step);
        EXPECT_TRUE(same_bits(unary(row.op, part), expected)) << static_cast<int>(row.op);
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

double binary_value(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::add:
      return a + b;
    case BinaryOp::subtract:
      return a - b;
    case BinaryOp::multiply:
      return a * b;
    case BinaryOp::divide:
      return a / b;
    case BinaryOp::power:
      return std::pow(a, b);
    case BinaryOp::minimum:
      return std::min(a, b);
    case BinaryOp::maximum:
      return std::max(a, b);
  }
  return NAN;
}

const std::vector<BinaryOp> whole_number_ops{BinaryOp::add, BinaryOp::subtract, BinaryOp::multiply,
                                             BinaryOp::minimum, BinaryOp::maximum};

Tensor binary(BinaryOp op, const Tensor& a, const Tensor& b) {
  const Tensor out = a.dtype() == DType::i64 ? Tensor::full(a.shape(), -77, DType::i64)
                                             : unwritten(a.shape(), a.dtype());
  cpu_kernels().elementwise.binary(cpu_stream(), op, a.view(), b.view(), out.output_view());
  return out;
}

void expect_binary(BinaryOp op, const Tensor& a, const Tensor& b) {
  std::vector<double> expected = a.to_vector<double>();
  const std::vector<double> right = b.to_vector<double>();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expected[i] = binary_value(op, expected[i], right[i]);
  }
  expect_near(binary(op, a, b), expected, tolerance_of(a.dtype()),
              "operation " + std::to_string(static_cast<int>(op)) + " on " + to_string(a.shape()) +
                  " and strides " + to_string(a.strides()) + ", " + to_string(b.strides()));
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

TEST(Elementwise, WalksEveryKindOfView) {
  for (const DType dtype : {DType::f32, DType::f64, DType::i64}) {
    const auto values = [&](const Shape& shape, std::uint64_t seed) {
      return argument(shape, dtype, false, seed);
    };
    const auto expect_add = [&](const Tensor& a, const Tensor& b) {
      expect_binary(BinaryOp::add, a, b);
    };
    const Tensor matrix = values({37, 53}, 1);
    expect_add(matrix, values({53}, 2).expand({37, 53}));     // a row for all rows
    expect_add(matrix, values({37, 1}, 2).expand({37, 53}));  // a column for all columns
    expect_add(matrix, values({}, 2).expand({37, 53}));       // one value
    expect_add(values({}, 1).expand({37, 53}), values({}, 2).expand({37, 53}));
    expect_add(matrix, values({53, 37}, 2).transpose(0, 1));
    expect_add(matrix.transpose(0, 1), values({53, 37}, 2));
    expect_add(matrix.slice(1, 3, 50, 4), values({37, 12}, 2));
    expect_add(matrix.slice(0, 1, Tensor::end, 2), values({18, 53}, 2));
    expect_add(values({}, 1), values({}, 2));
    expect_add(values({3000, 2}, 1), values({2}, 2).expand({3000, 2}));  // short rows
    expect_add(values({3000, 3}, 1), values({3000, 1}, 2).expand({3000, 3}));
    expect_add(values({2, 1500, 3}, 1).permute({2, 0, 1}), values({3, 2, 1500}, 2));
    expect_add(values({2, 3, 1, 2, 3, 2, 1, 2}, 1),
               values({3, 1, 2, 1, 2, 1, 1}, 2).expand({2, 3, 1, 2, 3, 2, 1, 2}));
    expect_add(values({4, 0, 3}, 1), values({3}, 2).expand({4, 0, 3}));
    expect_add(values({70000}, 1), values({70000}, 2));  // several tiles
    expect_add(values({70, 1001}, 1), values({1001}, 2).expand({70, 1001}));
    expect_add(values({1001, 70}, 1).transpose(0, 1), values({70, 1}, 2).expand({70, 1001}));
  }
}

TEST(Elementwise, WritesThroughEveryKindOfView) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Tensor x = argument({20, 30}, dtype, false);
    for (const bool transposed : {false, true}) {
      Tensor room = Tensor::zeros({60, 60}, dtype);
      const Tensor target = transposed ? room.slice(0, 0, 60, 2).slice(1, 0, 60, 3).transpose(0, 1)
                                       : room.slice(0, 0, 60, 3).slice(1, 0, 60, 2);
      cpu_kernels().elementwise.affine(cpu_stream(), 2.0, 1.0, x.view(), target.output_view());
      expect_near(target, mapped(x, [](double v) { return 2 * v + 1; }), tolerance_of(dtype),
                  "affine");
      const std::vector<double> whole = room.to_vector<double>();
      EXPECT_EQ(std::count(whole.begin(), whole.end(), 0.0), 3000) << "wrote outside its view";
    }
  }
}

TEST(Elementwise, WorksInPlace) {
  for (const std::int64_t size : sizes) {
    for (const std::int64_t step : {1, 2}) {
      Tensor a = argument({size * step}, DType::f32, false, 1).slice(0, 0, Tensor::end, step);
      Tensor b = argument({size * step}, DType::f32, false, 2).slice(0, 0, Tensor::end, step);
      const Tensor expected = binary(BinaryOp::multiply, unary(UnaryOp::tanh, a), b);
      cpu_kernels().elementwise.unary(cpu_stream(), UnaryOp::tanh, a.view(),
                                      a.mutable_view("tanh"));
      cpu_kernels().elementwise.binary(cpu_stream(), BinaryOp::multiply, a.view(), b.view(),
                                       b.mutable_view("multiply"));
      EXPECT_TRUE(same_bits(b, expected));
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

TEST(Elementwise, BitsDoNotDependOnThreads) {
  const Tensor x = argument({100, 1009}, DType::f32, false);
  const Tensor row = argument({1009}, DType::f32, false, 2).expand({100, 1009});
  expect_same_bits_for_any_threads([&] {
    return std::vector{unary(UnaryOp::gelu, x), binary(BinaryOp::divide, x, row),
                       binary(BinaryOp::add, x.transpose(0, 1), row.transpose(0, 1))};
  });
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
