#include <cmath>
#include <vector>

#include "tests/kernels/bias_activation_reference.h"
#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

BiasActivationResults run(Activation activation, const Tensor& x, const Tensor& bias,
                          const Tensor& dy) {
  const BiasActivationResults out{unwritten(x.shape(), x.dtype()), unwritten(x.shape(), x.dtype()),
                                  unwritten(bias.shape(), x.dtype())};
  const BiasActivationKernels& kernels = cpu_kernels().bias_activation;
  kernels.forward(cpu_stream(), activation, x.view(), bias.view(), out.y.output_view());
  const bool from_input = slope_needs_input(activation);
  kernels.backward(cpu_stream(), activation, from_input ? x.view() : ConstView{},
                   from_input ? bias.view() : ConstView{}, from_input ? ConstView{} : out.y.view(),
                   dy.view(), out.dx.output_view(), out.dbias.output_view());
  return out;
}

void expect_right(const Shape& shape, DType dtype) {
  const Tensor x = sample(shape, dtype, 1);
  const Tensor bias = sample({shape[1]}, dtype, 2);
  const Tensor dy = sample(shape, dtype, 3);
  const double tolerance = tolerance_of(dtype);
  const double terms = static_cast<double>(shape[0] * shape[2]);
  for (const Activation activation : all_activations) {
    const std::string what = concat(name_of(activation), " ", dtype, " ", shape);
    const BiasActivationResults expected = bias_activation_reference(activation, x, bias, dy);
    const BiasActivationResults got = run(activation, x, bias, dy);
    expect_near(got.y, expected.y.to_vector<double>(), tolerance, what + ", y");
    expect_near(got.dx, expected.dx.to_vector<double>(), tolerance, what + ", dx");
    expect_near(got.dbias, expected.dbias.to_vector<double>(),
                tolerance * std::fmax(1.0, std::sqrt(terms) / 8), what + ", dbias");
  }
}

TEST(BiasActivation, AgreesWithDoubleArithmetic) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t n : {0, 1, 31, 32, 33, 127, 128, 129, 1000}) {
      expect_right({5, n, 1}, dtype);
      expect_right({n, 7, 1}, dtype);
      expect_right({3, 5, n}, dtype);
    }
  }
}

TEST(BiasActivation, LargeShapesAreCutIntoTiles) {
  expect_right({700, 600, 1}, DType::f32);   // lines of more than one tile of columns
  expect_right({9000, 2, 1}, DType::f32);    // many samples in a line
  expect_right({500, 40, 30}, DType::f32);   // samples as lines
  expect_right({3, 2, 40000}, DType::f32);   // planes in pieces
  expect_right({60, 12, 1024}, DType::f64);  // several planes in a tile
}

TEST(BiasActivation, SameBitsForAnyNumberOfThreads) {
  for (const Shape& shape : {Shape{999, 130, 1}, Shape{31, 9, 1000}, Shape{2, 1, 70000}}) {
    const Tensor x = sample(shape, DType::f32, 1);
    const Tensor bias = sample({shape[1]}, DType::f32, 2);
    const Tensor dy = sample(shape, DType::f32, 3);
    expect_same_bits_for_any_threads([&]() -> std::vector<Tensor> {
      const BiasActivationResults got = run(Activation::gelu, x, bias, dy);
      return {got.y, got.dx, got.dbias};
    });
  }
}

TEST(BiasActivation, ComputesOnlyWhatIsAsked) {
  for (const Shape& shape : {Shape{70, 36, 1}, Shape{4, 3, 100}}) {
    const Tensor x = sample(shape, DType::f32, 1);
    const Tensor bias = sample({shape[1]}, DType::f32, 2);
    const Tensor dy = sample(shape, DType::f32, 3);
    for (const Activation activation : all_activations) {
      const BiasActivationResults all = run(activation, x, bias, dy);
      const Tensor dx = unwritten(shape, DType::f32);
      const Tensor dbias = unwritten({shape[1]}, DType::f32);
      const auto backward = [&](const View& to_dx, const View& to_dbias) {
        cpu_kernels().bias_activation.backward(cpu_stream(), activation, x.view(), bias.view(),
                                               all.y.view(), dy.view(), to_dx, to_dbias);
      };
      backward(dx.output_view(), {});
      backward({}, dbias.output_view());
      EXPECT_TRUE(same_bits(dx, all.dx)) << name_of(activation);
      EXPECT_TRUE(same_bits(dbias, all.dbias)) << name_of(activation);
    }
  }
}

TEST(BiasActivation, KeepsNaNAndHasNoSlopeAtTheKink) {
  const Tensor x = Tensor::from<float>({1, NAN, -1, 2}, {1, 4, 1});
  const Tensor bias = Tensor::from<float>({-1, 0, 0, 0}, {4});
  const Tensor dy = Tensor::from<float>({5, 6, 7, 8}, {1, 4, 1});
  const BiasActivationResults relu = run(Activation::relu, x, bias, dy);
  const std::vector<double> y = relu.y.to_vector<double>();
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(relu.dx.to_vector<float>(), (std::vector<float>{0, 6, 0, 8}));
  EXPECT_EQ(y[0], 0);
  EXPECT_EQ(y[3], 2);
  for (const Activation activation : {Activation::gelu, Activation::sigmoid, Activation::tanh}) {
    EXPECT_TRUE(std::isnan(run(activation, x, bias, dy).dx.to_vector<double>()[1]))
        << name_of(activation);
  }
}

TEST(BiasActivation, ErrorsNameWhatWasFoundAndExpected) {
  const Tensor x = sample({2, 3, 4}, DType::f32, 1);
  const Tensor bias = sample({3}, DType::f32, 2);
  const auto backward = [&](const Tensor& saved, const Tensor& dy, const Tensor& dbias) {
    cpu_kernels().bias_activation.backward(cpu_stream(), Activation::relu, {}, {}, saved.view(),
                                           dy.view(), {}, dbias.output_view());
  };
  expect_error(
      [&] {
        run(Activation::relu, x.reshape({6, 4}), bias, x);
      },
      "bias_activation: x is [6, 4]; expected rank 3");
  expect_error([&] { run(Activation::relu, x, sample({4}, DType::f32, 1), x); },
               "bias_activation: bias is [4]; expected [3]");
  expect_error([&] { run(Activation::relu, x.transpose(0, 2), sample({3}, DType::f32, 1), x); },
               "bias_activation: x has strides");
  expect_error(
      [&] {
        backward(sample({2, 3, 5}, DType::f32, 1), x, bias);
      },
      "bias_activation_backward: y is [2, 3, 5]; expected [2, 3, 4]");
  expect_error([&] { backward(x, x, sample({2}, DType::f32, 1)); },
               "bias_activation_backward: dbias is [2]; expected [3]");
}

}  // namespace
}  // namespace heddle::testing
