#include <cmath>
#include <vector>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

Tensor dropout(double p, const RandomSpan& random, const Tensor& x) {
  const Tensor y = unwritten(x.shape(), x.dtype());
  cpu_kernels().dropout.apply(cpu_stream(), p, random, x.view(), y.output_view());
  return y;
}

TEST(Dropout, DrawsTheWordsItIsGiven) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t size : {0, 1, 31, 32, 33, 127, 255, 256, 257, 1000, 20000}) {
      for (const std::uint64_t first : {0ull, 1ull, 6ull, 259ull, (1ull << 34) - 2}) {
        const RandomSpan random{0x123456789ABCDEFull, 0xFEDCBA987654321ull, first};
        const Tensor x = sample({size}, dtype, 1);
        std::vector<double> expected = x.to_vector<double>();
        for (std::size_t i = 0; i < expected.size(); ++i) {
          const float uniform = uniform_unit(random_word(random.seed, random.stream, first + i));
          expected[i] = uniform >= 0.3 ? expected[i] / 0.7 : 0.0;
        }
        expect_near(dropout(0.3, random, x), expected, tolerance_of(dtype),
                    std::to_string(size) + " elements from word " + std::to_string(first));
      }
    }
  }
}

TEST(Dropout, KeepsTheShareItShould) {
  const Tensor ones = Tensor::full({100'000}, 1.0);
  for (const double p : {0.1, 0.5, 0.9}) {
    double sum = 0;
    for (const double value : dropout(p, {7, 1, 0}, ones).to_vector<double>()) {
      EXPECT_TRUE(value == 0.0 || std::abs(value - 1 / (1 - p)) < 1e-5);
      sum += value;
    }
    EXPECT_NEAR(sum / 1e5, 1.0, 5 * std::sqrt(p / (1 - p) / 1e5)) << "p = " << p;
  }
}

TEST(Dropout, WithProbabilityZeroChangesNothing) {
  const Tensor x = sample({3, 50}, DType::f32, 1);
  EXPECT_TRUE(same_bits(dropout(0.0, {1, 2, 3}, x), x));
}

TEST(Dropout, DropsNaNAndWorksInPlace) {
  Tensor x = Tensor::full({1000}, std::numeric_limits<double>::quiet_NaN());
  const Tensor ones = dropout(0.5, {1, 2, 3}, Tensor::full({1000}, 1.0));
  cpu_kernels().dropout.apply(cpu_stream(), 0.5, {1, 2, 3}, x.view(), x.mutable_view("dropout"));
  const std::vector<float> got = x.to_vector<float>();
  const std::vector<float> mask = ones.to_vector<float>();
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(std::isnan(got[i]), mask[i] != 0.0f);
  }
}

TEST(Dropout, ACounterIsAddedWhenTheKernelRuns) {
  const Tensor ones = Tensor::full({1000}, 1.0);
  std::uint64_t counter = 40;
  const RandomSpan span{.seed = 5, .stream = 6, .first = 2, .counter = &counter};
  const auto expected = [&](std::uint64_t first) { return dropout(0.4, {5, 6, first}, ones); };
  EXPECT_TRUE(same_bits(dropout(0.4, span, ones), expected(42)));
  counter = 1'000'003;
  EXPECT_TRUE(same_bits(dropout(0.4, span, ones), expected(1'000'005)));
}

TEST(Dropout, BitsDoNotDependOnThreads) {
  const Tensor x = sample({100'001}, DType::f32, 1);
  expect_same_bits_for_any_threads([&] { return std::vector{dropout(0.4, {5, 6, 7}, x)}; });
}

TEST(Dropout, ErrorsNameWhatWasFoundAndExpected) {
  const Tensor x = Tensor::zeros({4, 2});
  expect_error([&] { dropout(1.0, {}, x); }, "dropout: p is 1; expected 0 ≤ p < 1");
  expect_error([&] { dropout(NAN, {}, x); }, "dropout: p is nan");
  expect_error([&] { dropout(0.5, {}, x.transpose(0, 1)); }, "dropout: x has strides");
}

}  // namespace
}  // namespace heddle::testing
