#include "kernels/cpu/wide_loop.h"

#include <functional>
#include <limits>
#include <vector>

#include "tests/kernels/samples.h"
#include "tests/support/wide_registers.h"

namespace heddle::testing {
namespace {

class WideLoop : public ::testing::TestWithParam<DType> {
 protected:
  void SetUp() override {
    if (!cpu::wide_registers()) {
      GTEST_SKIP() << "no AVX-512 here";
    }
  }
};

/// Numbers in [−100, 100], with NaN, infinities, zeros and a subnormal number among them.
Tensor with_special_values(const Shape& shape, DType dtype) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Generator generator(5);
  Tensor x = random_uniform(shape, -100.0, 100.0, generator, DType::f32);
  auto* const values = x.mutable_data<float>();
  std::int64_t at = 0;
  for (const double special : {std::numeric_limits<double>::quiet_NaN(), infinity, -infinity, 0.0,
                               -0.0, 1e-40, -88.0, 88.8}) {
    at += 11;
    if (at < x.elements()) {
      values[at] = static_cast<float>(special);
    }
  }
  return x.to(dtype);
}

/// The same bits from `compute` with both kinds of registers; any NaN is like any other.
void expect_same(const std::function<Tensor()>& compute, const std::string& what) {
  const auto without_nan = [&] {
    Tensor values = compute();
    const Tensor is_nan = Tensor::empty(values.shape(), DType::boolean);
    cpu_kernels().elementwise.compare(cpu_stream(), CompareOp::not_equal, values.view(),
                                      values.view(), is_nan.output_view());
    const Tensor instead = Tensor::full(values.shape(), 12345.0, values.dtype());
    cpu_kernels().elementwise.where(cpu_stream(), is_nan.view(), instead.view(), values.view(),
                                    values.mutable_view("test"));
    return values;
  };
  const Tensor wide = without_nan();
  const WithoutWideRegisters without;
  EXPECT_TRUE(same_bits(wide, without_nan())) << what;
}

TEST_P(WideLoop, GivesTheBitsOfNarrowOnesElementByElement) {
  for (const std::int64_t count : {1, 7, 8, 15, 16, 17, 33, 100, 20'000}) {
    const Tensor x = with_special_values({count}, GetParam());
    const Tensor dy = sample({count}, GetParam(), 2);
    for (const UnaryOp op : {UnaryOp::exp, UnaryOp::log, UnaryOp::tanh, UnaryOp::sigmoid,
                             UnaryOp::gelu, UnaryOp::softplus}) {
      const std::string what = concat("operation ", static_cast<int>(op), ", ", count);
      expect_same(
          [&] {
            const Tensor y = unwritten(x.shape(), x.dtype());
            cpu_kernels().elementwise.unary(cpu_stream(), op, x.view(), y.output_view());
            return y;
          },
          what);
      expect_same(
          [&] {
            const Tensor dx = unwritten(x.shape(), x.dtype());
            cpu_kernels().elementwise.unary_backward(cpu_stream(), op, x.view(), x.view(),
                                                     dy.view(), dx.output_view());
            return dx;
          },
          what + ", backward");
    }
  }
}

TEST_P(WideLoop, GivesTheBitsOfNarrowOnesInSoftmax) {
  for (const std::int64_t cols : {1, 7, 16, 31, 64, 65, 127, 128, 129, 300, 1000}) {
    for (const bool special : {false, true}) {
      const Shape shape{9, cols};
      const Tensor x =
          special ? with_special_values(shape, GetParam()) : sample(shape, GetParam(), 1);
      const Tensor dy = sample(shape, GetParam(), 2);
      for (const bool logarithmic : {false, true}) {
        const std::string what = concat(cols, " columns, logarithmic ", logarithmic);
        expect_same(
            [&] {
              const Tensor y = unwritten(shape, x.dtype());
              cpu_kernels().softmax.forward(cpu_stream(), x.view(), {}, logarithmic,
                                            y.output_view());
              return y;
            },
            what);
        expect_same(
            [&] {
              const Tensor dx = unwritten(shape, x.dtype());
              cpu_kernels().softmax.backward(cpu_stream(), x.view(), {}, dy.view(), logarithmic,
                                             dx.output_view());
              return dx;
            },
            what + ", backward");
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, WideLoop, ::testing::Values(DType::f32, DType::f64),
                         [](const auto& parameter) {
                           return std::string(name_of(parameter.param));
                         });

}  // namespace
}  // namespace heddle::testing
