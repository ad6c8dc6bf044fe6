#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/kernels/samples.h"

// What the tests of the element-wise kernels share: calls of unary and binary kernels and what they
// should give.

namespace heddle::testing {

constexpr double pi = 3.14159265358979323846;

struct UnaryCase {
  UnaryOp op;
  double (*value)(double);
  double (*slope)(double);
  bool needs_positive = false;
};

inline double normal_below(double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)); }
inline double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

inline const std::vector<UnaryCase>& unary_cases() {
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
inline Tensor argument(const Shape& shape, DType dtype, bool needs_positive,
                       std::uint64_t seed = 1) {
  Generator generator(seed);
  Tensor x = random_uniform(shape, needs_positive ? 0.1 : -5.0, 5.0, generator);
  if (!needs_positive && x.elements() > 2) {
    x.flatten().slice(0, 1, 2).fill_(0.0);
  }
  return x.to(dtype);
}

inline Tensor unary(UnaryOp op, const Tensor& x) {
  const Tensor out = unwritten(x.shape(), x.dtype());
  cpu_kernels().elementwise.unary(cpu_stream(), op, x.view(), out.output_view());
  return out;
}

inline std::vector<double> mapped(const Tensor& x, const std::function<double(double)>& function) {
  std::vector<double> values = x.to_vector<double>();
  std::transform(values.begin(), values.end(), values.begin(), function);
  return values;
}

inline const std::vector<std::int64_t> sizes{0, 1, 31, 32, 33, 127, 128, 129, 1000};

inline double binary_value(BinaryOp op, double a, double b) {
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

inline const std::vector<BinaryOp> whole_number_ops{
    BinaryOp::add, BinaryOp::subtract, BinaryOp::multiply, BinaryOp::minimum, BinaryOp::maximum};

inline Tensor binary(BinaryOp op, const Tensor& a, const Tensor& b) {
  const Tensor out = a.dtype() == DType::i64 ? Tensor::full(a.shape(), -77, DType::i64)
                                             : unwritten(a.shape(), a.dtype());
  cpu_kernels().elementwise.binary(cpu_stream(), op, a.view(), b.view(), out.output_view());
  return out;
}

inline void expect_binary(BinaryOp op, const Tensor& a, const Tensor& b) {
  std::vector<double> expected = a.to_vector<double>();
  const std::vector<double> right = b.to_vector<double>();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expected[i] = binary_value(op, expected[i], right[i]);
  }
  expect_near(binary(op, a, b), expected, tolerance_of(a.dtype()),
              "operation " + std::to_string(static_cast<int>(op)) + " on " + to_string(a.shape()) +
                  " and strides " + to_string(a.strides()) + ", " + to_string(b.strides()));
}

}  // namespace heddle::testing
