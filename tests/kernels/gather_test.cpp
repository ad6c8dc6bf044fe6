#include <vector>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

Tensor gather(const Tensor& x, const Tensor& index) {
  const Tensor out = unwritten(index.shape(), x.dtype());
  cpu_kernels().gather.forward(cpu_stream(), x.view(), index.view(), out.output_view());
  return out;
}

Tensor gather_backward(const Tensor& index, const Tensor& dout, const Shape& shape) {
  const Tensor dx = unwritten(shape, dout.dtype());
  cpu_kernels().gather.backward(cpu_stream(), index.view(), dout.view(), dx.output_view());
  return dx;
}

Tensor indices_below(std::int64_t n, const Shape& shape) {
  Generator generator(3);
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    values.push_back(static_cast<std::int64_t>(generator.below(static_cast<std::uint64_t>(n))));
  }
  return Tensor::from<std::int64_t>(values, shape);
}

void expect_gather(const Tensor& x, const Tensor& index) {
  const Tensor dout = sample(index.shape(), x.dtype(), 2);
  const std::vector<double> from = x.to_vector<double>();
  const std::vector<std::int64_t> places = index.to_vector<std::int64_t>();
  const std::vector<double> upstream = dout.to_vector<double>();
  const std::int64_t inner = x.size(2);
  std::vector<double> expected;
  std::vector<double> gradient(from.size());
  for (std::size_t e = 0; e < places.size(); ++e) {
    const auto at = static_cast<std::int64_t>(e);
    const std::int64_t outer = at / inner / index.size(1);
    const auto source =
        static_cast<std::size_t>((outer * x.size(1) + places[e]) * inner + at % inner);
    expected.push_back(from[source]);
    gradient[source] += upstream[e];
  }
  const std::string what =
      "gather from " + to_string(x.shape()) + " by " + to_string(index.shape());
  expect_near(gather(x, index), expected, 0.0, what);
  expect_near(gather_backward(index, dout, x.shape()), gradient, tolerance_of(x.dtype()), what);
}

TEST(Gather, PicksAndReturnsGradients) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    expect_gather(sample({3, 5, 4}, dtype, 1), indices_below(5, {3, 7, 4}));
    expect_gather(sample({1, 100, 1}, dtype, 1), indices_below(100, {1, 1000, 1}));
    expect_gather(sample({200, 10, 1}, dtype, 1), indices_below(10, {200, 1, 1}));
    expect_gather(sample({2, 3, 1000}, dtype, 1), indices_below(3, {2, 129, 1000}));
    expect_gather(sample({0, 3, 4}, dtype, 1), indices_below(3, {0, 2, 4}));
    expect_gather(sample({2, 3, 4}, dtype, 1), indices_below(3, {2, 0, 4}));
    expect_gather(sample({2, 3, 0}, dtype, 1), indices_below(3, {2, 5, 0}));
    expect_gather(sample({6, 5, 4}, dtype, 1).permute({2, 1, 0}),
                  indices_below(5, {7, 4, 6}).permute({1, 0, 2}));
  }
}

TEST(Gather, BitsDoNotDependOnThreads) {
  const Tensor index = indices_below(50, {3, 400, 90});
  const Tensor dout = sample({3, 400, 90}, DType::f32, 1);
  expect_same_bits_for_any_threads([&] {
    return std::vector{gather_backward(index, dout, {3, 50, 90})};
  });
}

TEST(Gather, AnIndexOutsideIsNamed) {
  const Tensor x = Tensor::zeros({1, 3, 2});
  const Tensor index = Tensor::from<std::int64_t>({0, 2, 1, 3}, {1, 2, 2});
  expect_error([&] { gather(x, index); }, "gather: index[0, 1, 1] is 3; expected 0 ≤ index < 3");
  expect_error(
      [&] {
        gather_backward(index, Tensor::zeros({1, 2, 2}), {1, 3, 2});
      },
      "gather_backward: index[0, 1, 1] is 3");
  expect_error(
      [&] {
        gather(x, Tensor::zeros({1, 2, 3}, DType::i64));
      },
      "gather: index is [1, 2, 3]; expected [1, 2, 2]");
}

}  // namespace
}  // namespace heddle::testing
