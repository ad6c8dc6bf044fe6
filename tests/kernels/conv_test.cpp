#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct ConvCase {
  std::int64_t batch, channels, rows, cols, filters, kernel_rows, kernel_cols;
  ConvOptions options = {};
};

const std::vector<ConvCase>& cases() {
  static const std::vector<ConvCase> all{
      {0, 2, 4, 4, 3, 3, 3, {}},
      {1, 1, 1, 1, 1, 1, 1, {}},
      {2, 3, 5, 6, 4, 3, 3, {.padding_rows = 1, .padding_cols = 1}},
      {2, 2, 1, 9, 3, 1, 4, {.stride_cols = 2, .padding_cols = 2}},
      {1, 2, 7, 8, 3, 3, 2, {2, 3, 1, 1, 2, 2}},
      {2, 3, 9, 7, 5, 2, 3, {1, 1, 2, 0, 3, 2}},
      {3, 3, 33, 31, 17, 3, 3, {.padding_rows = 1, .padding_cols = 1}},
      {2, 16, 16, 16, 32, 3, 3, {.padding_rows = 1, .padding_cols = 1}},
      {20, 5, 4, 4, 6, 4, 4, {}},
      {100, 4, 6, 5, 7, 3, 3, {.padding_rows = 1, .padding_cols = 1}},
  };
  return all;
}

std::int64_t out_size(std::int64_t size, std::int64_t kernel, std::int64_t stride,
                      std::int64_t padding, std::int64_t dilation) {
  return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

struct ConvTensors {
  ConvCase sizes;
  Tensor x, weight, bias, y, dy, dx, dweight, dbias;

  ConvTensors(const ConvCase& given, DType dtype) : sizes(given) {
    const ConvOptions& options = sizes.options;
    x = sample({sizes.batch, sizes.channels, sizes.rows, sizes.cols}, dtype, 1);
    weight =
        sample({sizes.filters, sizes.channels, sizes.kernel_rows, sizes.kernel_cols}, dtype, 2);
    bias = sample({sizes.filters}, dtype, 3);
    y = unwritten({sizes.batch, sizes.filters,
                   out_size(sizes.rows, sizes.kernel_rows, options.stride_rows,
                            options.padding_rows, options.dilation_rows),
                   out_size(sizes.cols, sizes.kernel_cols, options.stride_cols,
                            options.padding_cols, options.dilation_cols)},
                  dtype);
    dy = sample(y.shape(), dtype, 4);
    dx = unwritten(x.shape(), dtype);
    dweight = unwritten(weight.shape(), dtype);
    dbias = unwritten(bias.shape(), dtype);
  }
  void forward() const {
    cpu_kernels().conv.forward(cpu_stream(), sizes.options, x.view(), weight.view(), bias.view(),
                               y.output_view());
  }
  void backward() const {
    cpu_kernels().conv.backward(cpu_stream(), sizes.options, x.view(), weight.view(), dy.view(),
                                dx.output_view(), dweight.output_view(), dbias.output_view());
  }
  /// Calls body(y index, x index, weight index) for every product of the definition.
  template <typename Body>
  void for_each_product(const Body& body) const {
    const ConvOptions& o = sizes.options;
    const std::int64_t out_rows = y.size(2);
    const std::int64_t out_cols = y.size(3);
    for (std::int64_t at = 0; at < y.elements(); ++at) {
      const std::int64_t out_col = at % out_cols;
      const std::int64_t out_row = at / out_cols % out_rows;
      const std::int64_t filter = at / (out_cols * out_rows) % sizes.filters;
      const std::int64_t image = at / (out_cols * out_rows * sizes.filters);
      const std::int64_t taps = sizes.channels * sizes.kernel_rows * sizes.kernel_cols;
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t i = tap / sizes.kernel_cols % sizes.kernel_rows;
        const std::int64_t j = tap % sizes.kernel_cols;
        const std::int64_t channel = tap / (sizes.kernel_rows * sizes.kernel_cols);
        const std::int64_t row = out_row * o.stride_rows - o.padding_rows + i * o.dilation_rows;
        const std::int64_t col = out_col * o.stride_cols - o.padding_cols + j * o.dilation_cols;
        if (row >= 0 && row < sizes.rows && col >= 0 && col < sizes.cols) {
          const std::int64_t plane = image * sizes.channels + channel;
          body(static_cast<std::size_t>(at),
               static_cast<std::size_t>((plane * sizes.rows + row) * sizes.cols + col),
               static_cast<std::size_t>(filter * taps + tap));
        }
      }
    }
  }
};

TEST(Conv, ForwardAgreesWithTheDefinition) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const ConvCase& sizes : cases()) {
      const ConvTensors tensors(sizes, dtype);
      tensors.forward();
      const std::vector<double> x = tensors.x.to_vector<double>();
      const std::vector<double> weight = tensors.weight.to_vector<double>();
      std::vector<double> expected =
          tensors.bias.reshape({sizes.filters, 1, 1}).expand(tensors.y.shape()).to_vector<double>();
      tensors.for_each_product([&](std::size_t y_at, std::size_t x_at, std::size_t weight_at) {
        expected[y_at] += x[x_at] * weight[weight_at];
      });
      expect_near(tensors.y, expected, tolerance_of(dtype), to_string(tensors.y.shape()));
    }
  }
}

TEST(Conv, BackwardAgreesWithTheDefinition) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const ConvCase& sizes : cases()) {
      const ConvTensors tensors(sizes, dtype);
      tensors.backward();
      const std::vector<double> x = tensors.x.to_vector<double>();
      const std::vector<double> weight = tensors.weight.to_vector<double>();
      const std::vector<double> dy = tensors.dy.to_vector<double>();
      std::vector<double> dx(x.size());
      std::vector<double> dweight(weight.size());
      tensors.for_each_product([&](std::size_t y_at, std::size_t x_at, std::size_t weight_at) {
        dx[x_at] += dy[y_at] * weight[weight_at];
        dweight[weight_at] += dy[y_at] * x[x_at];
      });
      std::vector<double> dbias(static_cast<std::size_t>(sizes.filters));
      const std::int64_t pixels = tensors.y.size(2) * tensors.y.size(3);
      for (std::size_t i = 0; i < dy.size(); ++i) {
        dbias[i / static_cast<std::size_t>(pixels) % dbias.size()] += dy[i];
      }
      const std::string what = to_string(tensors.y.shape());
      expect_near(tensors.dx, dx, tolerance_of(dtype), what + " dx");
      expect_near(tensors.dweight, dweight, tolerance_of(dtype), what + " dweight");
      expect_near(tensors.dbias, dbias, tolerance_of(dtype), what + " dbias");
    }
  }
}

TEST(Conv, GradientsAgreeWithDifferences) {
  for (const ConvCase& sizes :
       {ConvCase{2, 2, 4, 5, 3, 3, 2, {1, 2, 1, 1, 1, 2}}, ConvCase{1, 2, 3, 3, 2, 1, 1, {}}}) {
    const ConvTensors tensors(sizes, DType::f64);
    tensors.backward();
    const auto loss = [&] {
      tensors.forward();
      return weighted_sum(tensors.y, tensors.dy);
    };
    expect_gradient(tensors.x, tensors.dx, loss, "x");
    expect_gradient(tensors.weight, tensors.dweight, loss, "weight");
    expect_gradient(tensors.bias, tensors.dbias, loss, "bias");
  }
}

TEST(Conv, SameBitsForAnyThreads) {
  expect_same_bits_for_any_threads([] {
    const ConvTensors tensors({37, 3, 17, 12, 9, 3, 3, {.padding_rows = 1, .padding_cols = 1}},
                              DType::f32);
    tensors.forward();
    tensors.backward();
    return std::vector<Tensor>{tensors.y, tensors.dx, tensors.dweight, tensors.dbias};
  });
}

TEST(Conv, SaysThatTheKernelIsTooLarge) {
  const Tensor x = Tensor::zeros({1, 1, 3, 3});
  const Tensor weight = Tensor::zeros({1, 1, 4, 3});
  const Tensor y = Tensor::zeros({1, 1, 0, 1});
  try {
    cpu_kernels().conv.forward(cpu_stream(), {}, x.view(), weight.view(), {}, y.output_view());
    FAIL() << "a kernel of 4 rows fitted a picture of 3";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("larger than the padded picture"), std::string::npos);
  }
}

}  // namespace
}  // namespace heddle::testing
