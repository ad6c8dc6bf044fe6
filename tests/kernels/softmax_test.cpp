#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

using Lengths = std::optional<std::vector<std::int64_t>>;

ConstView view_of(const std::optional<Tensor>& tensor) {
  return tensor ? tensor->view() : ConstView{};
}

std::optional<Tensor> tensor_of(const Lengths& lengths) {
  return lengths ? std::optional(lengths_tensor(*lengths)) : std::nullopt;
}

Tensor softmax(const Tensor& x, const Lengths& lengths, bool logarithmic) {
  const std::optional<Tensor> of_rows = tensor_of(lengths);
  const Tensor y = unwritten(x.shape(), x.dtype());
  cpu_kernels().softmax.forward(cpu_stream(), x.view(), view_of(of_rows), logarithmic,
                                y.output_view());
  return y;
}

Tensor softmax_backward(const Tensor& y, const Lengths& lengths, const Tensor& dy,
                        bool logarithmic) {
  const std::optional<Tensor> of_rows = tensor_of(lengths);
  const Tensor dx = unwritten(y.shape(), y.dtype());
  cpu_kernels().softmax.backward(cpu_stream(), y.view(), view_of(of_rows), dy.view(), logarithmic,
                                 dx.output_view());
  return dx;
}

std::size_t length_of(const Lengths& lengths, std::size_t row, std::size_t cols) {
  return lengths ? static_cast<std::size_t>((*lengths)[row]) : cols;
}

struct Expected {
  std::vector<double> y, dx;
};

Expected reference(const Tensor& x, const Lengths& lengths, const Tensor& dy, bool logarithmic) {
  const std::vector<double> in = x.to_vector<double>();
  const std::vector<double> upstream = dy.to_vector<double>();
  const auto cols = static_cast<std::size_t>(x.size(1));
  Expected expected{std::vector<double>(in.size(), logarithmic ? -INFINITY : 0.0),
                    std::vector<double>(in.size(), 0.0)};
  for (std::size_t r = 0; r < static_cast<std::size_t>(x.size(0)); ++r) {
    const std::size_t begin = r * cols;
    const std::size_t end = begin + length_of(lengths, r, cols);
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sum += std::exp(in[i]);
    }
    double dot = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double probability = std::exp(in[i]) / sum;
      expected.y[i] = logarithmic ? std::log(probability) : probability;
      dot += (logarithmic ? 1.0 : probability) * upstream[i];
    }
    for (std::size_t i = begin; i < end; ++i) {
      const double probability = std::exp(in[i]) / sum;
      expected.dx[i] =
          logarithmic ? upstream[i] - probability * dot : probability * (upstream[i] - dot);
    }
  }
  return expected;
}

void expect_softmax(const Tensor& x, const Lengths& lengths) {
  const Tensor dy = sample(x.shape(), x.dtype(), 9);
  for (const bool logarithmic : {false, true}) {
    const std::string what = (logarithmic ? "log softmax of " : "softmax of ") +
                             to_string(x.shape()) + " with strides " + to_string(x.strides());
    const Expected expected = reference(x, lengths, dy, logarithmic);
    const Tensor y = softmax(x, lengths, logarithmic);
    const Tensor dx = softmax_backward(y, lengths, dy, logarithmic);
    if (logarithmic && lengths) {
      const std::vector<double> got = y.to_vector<double>();
      for (std::size_t i = 0; i < got.size(); ++i) {
        if (std::isinf(expected.y[i])) {
          EXPECT_EQ(got[i], -INFINITY) << what;
        } else {
          EXPECT_NEAR(got[i], expected.y[i], tolerance_of(x.dtype()) * 10) << what;
        }
      }
    } else {
      expect_near(y, expected.y, tolerance_of(x.dtype()), what);
    }
    expect_near(dx, expected.dx, tolerance_of(x.dtype()), "gradient of " + what);
  }
}

TEST(Softmax, IsRightForAllSizes) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t cols : {0, 1, 31, 32, 33, 127, 128, 129, 1000}) {
      expect_softmax(sample({7, cols}, dtype, 1), std::nullopt);
      expect_softmax(sample({4, cols}, dtype, 2),
                     std::vector<std::int64_t>{0, std::min<std::int64_t>(1, cols), cols / 2, cols});
    }
    expect_softmax(sample({0, 5}, dtype, 3), std::nullopt);
    expect_softmax(sample({9, 40}, dtype, 4).slice(1, 5, 25), std::nullopt);
    expect_softmax(sample({9, 40}, dtype, 4).slice(0, 0, 9, 2), std::nullopt);
  }
}

TEST(Softmax, SurvivesLargeValuesAndShowsNaN) {
  const Tensor x = Tensor::from<float>({1e30f, 1e30f, -1e30f, 0.0f, 0.0f, NAN}, {2, 3});
  const std::vector<float> y = softmax(x, std::nullopt, false).to_vector<float>();
  EXPECT_EQ(y[0], 0.5f);
  EXPECT_EQ(y[2], 0.0f);
  EXPECT_TRUE(std::isnan(y[3]) && std::isnan(y[5]));
}

TEST(Softmax, IgnoresWhatStandsBeyondALength) {
  Tensor x = sample({2, 5}, DType::f32, 1);
  const Lengths lengths = std::vector<std::int64_t>{3, 0};
  const Tensor expected = softmax(x, lengths, false);
  x.slice(1, 3).fill_(std::numeric_limits<double>::quiet_NaN());
  x.select(0, 1).fill_(std::numeric_limits<double>::infinity());
  EXPECT_TRUE(same_bits(softmax(x, lengths, false), expected));
  Tensor dy = sample({2, 5}, DType::f32, 2);
  const Tensor dx = softmax_backward(expected, lengths, dy, false);
  dy.slice(1, 3).fill_(std::numeric_limits<double>::quiet_NaN());
  dy.select(0, 1).fill_(std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(same_bits(softmax_backward(expected, lengths, dy, false), dx));
}

TEST(Softmax, WorksInPlace) {
  for (const bool logarithmic : {false, true}) {
    Tensor x = sample({5, 200}, DType::f32, 1);
    const Tensor y = softmax(x, std::nullopt, logarithmic);
    Tensor dy = sample({5, 200}, DType::f32, 2);
    const Tensor dx = softmax_backward(y, std::nullopt, dy, logarithmic);
    cpu_kernels().softmax.forward(cpu_stream(), x.view(), {}, logarithmic,
                                  x.mutable_view("softmax"));
    cpu_kernels().softmax.backward(cpu_stream(), y.view(), {}, dy.view(), logarithmic,
                                   dy.mutable_view("softmax"));
    EXPECT_TRUE(same_bits(x, y));
    EXPECT_TRUE(same_bits(dy, dx));
  }
}

TEST(Softmax, BitsDoNotDependOnThreads) {
  const Tensor x = sample({1000, 137}, DType::f32, 1);
  const Tensor dy = sample({1000, 137}, DType::f32, 2);
  expect_same_bits_for_any_threads([&] {
    const Tensor y = softmax(x, std::nullopt, false);
    const Tensor log_y = softmax(x, std::nullopt, true);
    return std::vector{y, log_y, softmax_backward(y, std::nullopt, dy, false),
                       softmax_backward(log_y, std::nullopt, dy, true)};
  });
}

TEST(Softmax, ErrorsNameWhatWasFoundAndExpected) {
  const Tensor x = Tensor::zeros({2, 5});
  expect_error(
      [&] {
        softmax(x, std::vector<std::int64_t>{1, 6}, false);
      },
      "softmax: lengths[1] is 6; expected 0 … 5");
  expect_error([&] { softmax(x, std::vector<std::int64_t>{1}, false); },
               "softmax: lengths is [1]; expected [2]");
  expect_error([&] { softmax(x.transpose(0, 1), std::nullopt, false); }, "x has strides [1, 5]");
}

}  // namespace
}  // namespace heddle::testing
