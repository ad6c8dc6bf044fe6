#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct PictureCase {
  std::int64_t batch, channels, rows, cols;
  PoolOptions options = {};
};

const std::vector<PictureCase>& cases() {
  static const std::vector<PictureCase> all{
      {0, 2, 4, 4, {}},
      {2, 3, 4, 6, {}},
      {2, 3, 7, 9, {}},
      {1, 1, 1, 1, {1, 1, 1, 1, 0, 0}},
      {2, 2, 6, 5, {3, 3, 2, 2, 1, 1}},
      {1, 2, 5, 8, {2, 3, 1, 2, 1, 0}},
      {3, 2, 1, 11, {1, 4, 1, 3, 0, 2}},
      {2, 16, 32, 32, {}},
  };
  return all;
}

Shape pooled_shape(const PictureCase& sizes) {
  const PoolOptions& o = sizes.options;
  return {sizes.batch, sizes.channels,
          (sizes.rows + 2 * o.padding_rows - o.kernel_rows) / o.stride_rows + 1,
          (sizes.cols + 2 * o.padding_cols - o.kernel_cols) / o.stride_cols + 1};
}

/// For each window, the places in the whole of x that it covers, row by row.
std::vector<std::vector<std::size_t>> windows(const PictureCase& sizes) {
  const PoolOptions& o = sizes.options;
  const Shape out = pooled_shape(sizes);
  std::vector<std::vector<std::size_t>> all;
  for (std::int64_t at = 0; at < element_count(out); ++at) {
    const std::int64_t plane = at / (out[2] * out[3]);
    std::vector<std::size_t> places;
    for (std::int64_t i = 0; i < o.kernel_rows; ++i) {
      for (std::int64_t j = 0; j < o.kernel_cols; ++j) {
        const std::int64_t row = at / out[3] % out[2] * o.stride_rows - o.padding_rows + i;
        const std::int64_t col = at % out[3] * o.stride_cols - o.padding_cols + j;
        if (row >= 0 && row < sizes.rows && col >= 0 && col < sizes.cols) {
          places.push_back(static_cast<std::size_t>((plane * sizes.rows + row) * sizes.cols + col));
        }
      }
    }
    all.push_back(places);
  }
  return all;
}

TEST(MaxPool, TakesTheFirstLargestOfEachWindowAndPassesItsGradientBack) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const PictureCase& sizes : cases()) {
      const Shape in{sizes.batch, sizes.channels, sizes.rows, sizes.cols};
      Tensor x = sample(in, DType::f32, 1);
      // Coarse values, so that many are equal.
      std::vector<float> coarse = x.to_vector<float>();
      for (float& value : coarse) {
        value = std::round(4 * value);
      }
      x = Tensor::from<float>(coarse, in).to(dtype);
      const Tensor y = unwritten(pooled_shape(sizes), dtype);
      const Tensor places = Tensor::zeros(y.shape(), DType::i64);
      const Tensor dy = sample(y.shape(), dtype, 2);
      const Tensor dx = unwritten(in, dtype);
      cpu_kernels().pool.max_forward(cpu_stream(), sizes.options, x.view(), y.output_view(),
                                     places.output_view());
      cpu_kernels().pool.max_backward(cpu_stream(), sizes.options, places.view(), dy.view(),
                                      dx.output_view());
      const std::vector<double> values = x.to_vector<double>();
      const std::vector<double> slopes = dy.to_vector<double>();
      std::vector<double> expected;
      std::vector<double> expected_places;
      std::vector<double> expected_dx(values.size());
      for (const std::vector<std::size_t>& window : windows(sizes)) {
        std::size_t best = window.front();
        for (const std::size_t place : window) {
          best = values[place] > values[best] ? place : best;
        }
        expected_dx[best] += slopes[expected.size()];
        expected.push_back(values[best]);
        expected_places.push_back(
            static_cast<double>(best % static_cast<std::size_t>(sizes.rows * sizes.cols)));
      }
      const std::string what = to_string(in);
      expect_near(y, expected, 0.0, what + " y");
      expect_near(places, expected_places, 0.0, what + " places");
      expect_near(dx, expected_dx, tolerance_of(dtype), what + " dx");
    }
  }
}

TEST(MaxPool, NotANumberWins) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = Tensor::from<float>({1, nan, 5, 6, 2, 3, nan, 7}, {1, 1, 2, 4});
  const Tensor y = unwritten({1, 1, 1, 2}, DType::f32);
  const Tensor places = Tensor::zeros({1, 1, 1, 2}, DType::i64);
  cpu_kernels().pool.max_forward(cpu_stream(), {}, x.view(), y.output_view(), places.output_view());
  EXPECT_TRUE(std::isnan(y.to_vector<double>()[0]));
  EXPECT_TRUE(std::isnan(y.to_vector<double>()[1]));
  EXPECT_EQ(places.to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 6}));
}

TEST(AveragePool, DividesByTheElementsInsideThePicture) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const PictureCase& sizes : cases()) {
      const Shape in{sizes.batch, sizes.channels, sizes.rows, sizes.cols};
      const Tensor x = sample(in, dtype, 1);
      const Tensor y = unwritten(pooled_shape(sizes), dtype);
      const Tensor dy = sample(y.shape(), dtype, 2);
      const Tensor dx = unwritten(in, dtype);
      cpu_kernels().pool.average_forward(cpu_stream(), sizes.options, x.view(), y.output_view());
      cpu_kernels().pool.average_backward(cpu_stream(), sizes.options, dy.view(), dx.output_view());
      const std::vector<double> values = x.to_vector<double>();
      const std::vector<double> slopes = dy.to_vector<double>();
      std::vector<double> expected;
      std::vector<double> expected_dx(values.size());
      for (const std::vector<std::size_t>& window : windows(sizes)) {
        const double share = 1.0 / static_cast<double>(window.size());
        double sum = 0;
        for (const std::size_t place : window) {
          sum += values[place];
          expected_dx[place] += share * slopes[expected.size()];
        }
        expected.push_back(sum * share);
      }
      expect_near(y, expected, tolerance_of(dtype), to_string(in) + " y");
      expect_near(dx, expected_dx, tolerance_of(dtype), to_string(in) + " dx");
    }
  }
}

TEST(Pool, SaysThatPaddingIsTooLarge) {
  const Tensor x = Tensor::zeros({1, 1, 4, 4});
  const Tensor y = Tensor::zeros({1, 1, 3, 3});
  EXPECT_THROW(cpu_kernels().pool.average_forward(cpu_stream(), {2, 2, 2, 2, 2, 2}, x.view(),
                                                  y.output_view()),
               Error);
}

}  // namespace
}  // namespace heddle::testing
