#include <cmath>
#include <vector>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

constexpr double epsilon = 1e-5;

struct Normalized {
  Tensor y, mean, rstd;
};

Normalized layer_norm(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  const Normalized out{unwritten(x.shape(), x.dtype()), unwritten({x.size(0)}, x.dtype()),
                       unwritten({x.size(0)}, x.dtype())};
  cpu_kernels().layer_norm.forward(cpu_stream(), epsilon, x.view(), scale.view(), shift.view(),
                                   out.y.output_view(), out.mean.output_view(),
                                   out.rstd.output_view());
  return out;
}

struct Gradients {
  Tensor dx, dscale, dshift;
};

Gradients layer_norm_backward(const Tensor& x, const Tensor& scale, const Normalized& saved,
                              const Tensor& dy) {
  const Gradients out{unwritten(x.shape(), x.dtype()), unwritten(scale.shape(), x.dtype()),
                      unwritten(scale.shape(), x.dtype())};
  cpu_kernels().layer_norm.backward(cpu_stream(), x.view(), scale.view(), saved.mean.view(),
                                    saved.rstd.view(), dy.view(), out.dx.output_view(),
                                    out.dscale.output_view(), out.dshift.output_view());
  return out;
}

TEST(LayerNorm, NormalizesRows) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t cols : {1, 31, 32, 33, 127, 128, 129, 1000}) {
      const Tensor x = sample({5, cols}, dtype, 1);
      const Tensor scale = sample({cols}, dtype, 2);
      const Tensor shift = sample({cols}, dtype, 3);
      const std::vector<double> in = x.to_vector<double>();
      const std::vector<double> factors = scale.to_vector<double>();
      const std::vector<double> terms = shift.to_vector<double>();
      std::vector<double> expected;
      const auto n = static_cast<std::size_t>(cols);
      for (std::size_t r = 0; r < 5; ++r) {
        double mean = 0;
        double variance = 0;
        for (std::size_t i = 0; i < n; ++i) {
          mean += in[r * n + i] / static_cast<double>(cols);
        }
        for (std::size_t i = 0; i < n; ++i) {
          variance += (in[r * n + i] - mean) * (in[r * n + i] - mean) / static_cast<double>(cols);
        }
        for (std::size_t i = 0; i < n; ++i) {
          expected.push_back((in[r * n + i] - mean) / std::sqrt(variance + epsilon) * factors[i] +
                             terms[i]);
        }
      }
      expect_near(layer_norm(x, scale, shift).y, expected, 10 * tolerance_of(dtype),
                  std::to_string(cols) + " columns");
    }
  }
}

TEST(LayerNorm, GradientsAreTheSlopes) {
  for (const std::int64_t cols : {1, 5, 33, 130}) {
    const Tensor x = sample({3, cols}, DType::f64, 1);
    const Tensor scale = sample({cols}, DType::f64, 2);
    const Tensor shift = sample({cols}, DType::f64, 3);
    const Tensor dy = sample({3, cols}, DType::f64, 4);
    const auto loss = [&] { return weighted_sum(layer_norm(x, scale, shift).y, dy); };
    const Gradients got = layer_norm_backward(x, scale, layer_norm(x, scale, shift), dy);
    expect_gradient(scale, got.dscale, loss, "scale");
    expect_gradient(shift, got.dshift, loss, "shift");
    if (cols > 1) {  // of one column, x has no influence, and differences show only rounding
      expect_gradient(x, got.dx, loss, "x");
    }
    const Tensor x32 = x.to(DType::f32);
    const Tensor scale32 = scale.to(DType::f32);
    const Gradients in_f32 = layer_norm_backward(
        x32, scale32, layer_norm(x32, scale32, shift.to(DType::f32)), dy.to(DType::f32));
    expect_near(in_f32.dx, got.dx.to_vector<double>(), 1e-3, "dx in f32");
    expect_near(in_f32.dscale, got.dscale.to_vector<double>(), 1e-4, "dscale in f32");
    expect_near(in_f32.dshift, got.dshift.to_vector<double>(), 1e-4, "dshift in f32");
  }
}

TEST(LayerNorm, WorksWithoutRowsAndComputesOnlyWhatIsAsked) {
  const Tensor scale = sample({4}, DType::f32, 1);
  const Tensor none = Tensor::empty({0, 4});
  const Normalized saved = layer_norm(none, scale, scale);
  const Gradients empty = layer_norm_backward(none, scale, saved, none);
  EXPECT_EQ(empty.dscale.to_vector<float>(), std::vector<float>(4, 0.0f));

  const Tensor x = sample({200, 4}, DType::f32, 2);
  const Tensor dy = sample({200, 4}, DType::f32, 3);
  const Normalized of_x = layer_norm(x, scale, scale);
  const Gradients all = layer_norm_backward(x, scale, of_x, dy);
  const Tensor dx = unwritten({200, 4}, DType::f32);
  const Tensor dshift = unwritten({4}, DType::f32);
  const auto backward = [&](const View& to_x, const View& to_shift) {
    cpu_kernels().layer_norm.backward(cpu_stream(), x.view(), scale.view(), of_x.mean.view(),
                                      of_x.rstd.view(), dy.view(), to_x, {}, to_shift);
  };
  backward(dx.output_view(), {});
  backward({}, dshift.output_view());
  EXPECT_TRUE(same_bits(dx, all.dx));
  EXPECT_TRUE(same_bits(dshift, all.dshift));
}

TEST(LayerNorm, BitsDoNotDependOnThreads) {
  const Tensor x = sample({1000, 100}, DType::f32, 1);
  const Tensor scale = sample({100}, DType::f32, 2);
  const Tensor dy = sample({1000, 100}, DType::f32, 3);
  expect_same_bits_for_any_threads([&] {
    const Normalized out = layer_norm(x, scale, scale);
    const Gradients gradients = layer_norm_backward(x, scale, out, dy);
    return std::vector{out.y, gradients.dx, gradients.dscale, gradients.dshift};
  });
}

TEST(LayerNorm, ErrorsNameWhatWasFoundAndExpected) {
  const Tensor x = Tensor::zeros({2, 5});
  expect_error([&] { layer_norm(x, Tensor::zeros({4}), Tensor::zeros({5})); },
               "layer_norm: scale is [4]; expected [5]");
}

}  // namespace
}  // namespace heddle::testing
