#include <algorithm>

#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct LinearTanhCase {
  std::int64_t rows, in, out, groups;  // groups 0: no bias
};

const std::vector<LinearTanhCase> cases{{0, 3, 4, 1},      {1, 1, 1, 1},    {5, 7, 3, 0},
                                        {5, 0, 3, 1},      {31, 33, 32, 1}, {64, 96, 40, 4},
                                        {300, 20, 600, 5}, {7, 9, 5, 3},    {500, 16, 17, 1}};

struct LinearTanhTensors {
  Tensor x, weight, bias, y;

  LinearTanhTensors(const LinearTanhCase& sizes, DType dtype)
      : x(sample({sizes.rows, sizes.in}, dtype, 1)),
        weight(sample({sizes.out, sizes.in}, dtype, 2)),
        y(unwritten({sizes.rows, sizes.out}, dtype)) {
    if (sizes.groups > 0) {
      bias = sample({sizes.groups, sizes.out}, dtype, 3);
    }
    forward();
  }
  ConstView bias_view() const { return bias.defined() ? bias.view() : ConstView{}; }
  void forward() const {
    cpu_kernels().linear_tanh.forward(cpu_stream(), x.view(), weight.view(), bias_view(),
                                      y.output_view());
  }
};

TEST(LinearTanh, AgreesWithTheFormula) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const LinearTanhCase& sizes : cases) {
      const LinearTanhTensors tensors(sizes, dtype);
      const std::vector<double> x = tensors.x.to_vector<double>();
      const std::vector<double> weight = tensors.weight.to_vector<double>();
      const std::vector<double> bias =
          sizes.groups > 0 ? tensors.bias.to_vector<double>() : std::vector<double>{};
      std::vector<double> expected;
      for (std::int64_t row = 0; row < sizes.rows; ++row) {
        for (std::int64_t col = 0; col < sizes.out; ++col) {
          double z = 0;
          if (sizes.groups > 0) {
            z = bias[static_cast<std::size_t>(row % sizes.groups * sizes.out + col)];
          }
          for (std::int64_t i = 0; i < sizes.in; ++i) {
            z += x[static_cast<std::size_t>(row * sizes.in + i)] *
                 weight[static_cast<std::size_t>(col * sizes.in + i)];
          }
          expected.push_back(std::tanh(z));
        }
      }
      expect_near(tensors.y, expected, tolerance_of(dtype), concat("rows ", sizes.rows));
    }
  }
}

TEST(LinearTanh, GradientsAgreeWithDifferences) {
  for (const LinearTanhCase& sizes :
       {LinearTanhCase{5, 4, 3, 1}, LinearTanhCase{7, 3, 2, 3}, LinearTanhCase{4, 2, 3, 4}}) {
    const LinearTanhTensors tensors(sizes, DType::f64);
    const Tensor dy = sample({sizes.rows, sizes.out}, DType::f64, 4);
    const Tensor y = tensors.y.clone();
    const Tensor dx = unwritten(tensors.x.shape(), DType::f64);
    const Tensor dweight = unwritten(tensors.weight.shape(), DType::f64);
    const Tensor dbias = unwritten(tensors.bias.shape(), DType::f64);
    cpu_kernels().linear_tanh.backward(cpu_stream(), tensors.x.view(), tensors.weight.view(),
                                       y.view(), dy.view(), dx.output_view(), dweight.output_view(),
                                       dbias.output_view());
    const auto loss = [&] {
      tensors.forward();
      return weighted_sum(tensors.y, dy);
    };
    expect_gradient(tensors.x, dx, loss, "x");
    expect_gradient(tensors.weight, dweight, loss, "weight");
    expect_gradient(tensors.bias, dbias, loss, "bias");
  }
}

TEST(LinearTanh, BackwardAgreesWithTheFormula) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const LinearTanhCase& sizes : cases) {
      const LinearTanhTensors tensors(sizes, dtype);
      const Tensor dy = sample({sizes.rows, sizes.out}, dtype, 4);
      const std::int64_t groups = std::max<std::int64_t>(sizes.groups, 1);
      const Tensor dx = unwritten(tensors.x.shape(), dtype);
      const Tensor dweight = unwritten(tensors.weight.shape(), dtype);
      const Tensor dbias = unwritten({groups, sizes.out}, dtype);
      cpu_kernels().linear_tanh.backward(cpu_stream(), tensors.x.view(), tensors.weight.view(),
                                         tensors.y.view(), dy.view(), dx.output_view(),
                                         dweight.output_view(), dbias.output_view());
      const std::vector<double> y = tensors.y.to_vector<double>();
      const std::vector<double> slope = dy.to_vector<double>();
      const std::vector<double> x = tensors.x.to_vector<double>();
      const std::vector<double> weight = tensors.weight.to_vector<double>();
      std::vector<double> dx_expected(x.size());
      std::vector<double> dweight_expected(weight.size());
      std::vector<double> dbias_expected(static_cast<std::size_t>(groups * sizes.out));
      for (std::int64_t row = 0; row < sizes.rows; ++row) {
        for (std::int64_t col = 0; col < sizes.out; ++col) {
          const auto at = static_cast<std::size_t>(row * sizes.out + col);
          const double dz = slope[at] * (1 - y[at] * y[at]);
          dbias_expected[static_cast<std::size_t>(row % groups * sizes.out + col)] += dz;
          for (std::int64_t i = 0; i < sizes.in; ++i) {
            const auto x_at = static_cast<std::size_t>(row * sizes.in + i);
            const auto weight_at = static_cast<std::size_t>(col * sizes.in + i);
            dx_expected[x_at] += dz * weight[weight_at];
            dweight_expected[weight_at] += dz * x[x_at];
          }
        }
      }
      const std::string what = concat("rows ", sizes.rows, " out ", sizes.out);
      expect_near(dx, dx_expected, tolerance_of(dtype), what + " dx");
      expect_near(dweight, dweight_expected, tolerance_of(dtype), what + " dweight");
      expect_near(dbias, dbias_expected, tolerance_of(dtype), what + " dbias");
    }
  }
}

TEST(LinearTanh, WritesOnlyTheGradientsAskedFor) {
  const LinearTanhTensors tensors({6, 5, 4, 1}, DType::f32);
  const Tensor dy = sample({6, 4}, DType::f32, 4);
  const Tensor dweight = unwritten({4, 5}, DType::f32);
  cpu_kernels().linear_tanh.backward(cpu_stream(), tensors.x.view(), tensors.weight.view(),
                                     tensors.y.view(), dy.view(), View{}, dweight.output_view(),
                                     View{});
  for (const double value : dweight.to_vector<double>()) {
    EXPECT_TRUE(std::isfinite(value));
  }
}

TEST(LinearTanh, SameBitsForAnyThreads) {
  expect_same_bits_for_any_threads([] {
    std::vector<Tensor> results;
    for (const std::int64_t groups : {1, 64}) {
      const LinearTanhTensors tensors({640, 96, 130, groups}, DType::f32);
      const Tensor dy = sample({640, 130}, DType::f32, 4);
      const Tensor dx = unwritten(tensors.x.shape(), DType::f32);
      const Tensor dweight = unwritten(tensors.weight.shape(), DType::f32);
      const Tensor dbias = unwritten(tensors.bias.shape(), DType::f32);
      cpu_kernels().linear_tanh.backward(cpu_stream(), tensors.x.view(), tensors.weight.view(),
                                         tensors.y.view(), dy.view(), dx.output_view(),
                                         dweight.output_view(), dbias.output_view());
      results.insert(results.end(), {tensors.y, dx, dweight, dbias});
    }
    return results;
  });
}

}  // namespace
}  // namespace heddle::testing
