#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

const std::vector<ReduceOp> all_ops{ReduceOp::sum, ReduceOp::mean, ReduceOp::max, ReduceOp::min,
                                    ReduceOp::logsumexp};

Shape result_shape(const Tensor& x) { return {x.size(0), x.size(2)}; }

Tensor reduce(ReduceOp op, const Tensor& x) {
  const Tensor out = x.dtype() == DType::i64 ? Tensor::full(result_shape(x), -77, DType::i64)
                                             : unwritten(result_shape(x), x.dtype());
  cpu_kernels().reduce.reduce(cpu_stream(), op, x.view(), out.output_view());
  return out;
}

struct Places {
  Tensor values, indices;
};

Places arg_extreme(ReduceOp op, const Tensor& x) {
  const Places found{unwritten(result_shape(x), x.dtype()),
                     Tensor::full(result_shape(x), -77, DType::i64)};
  cpu_kernels().reduce.arg_extreme(cpu_stream(), op, x.view(), found.values.output_view(),
                                   found.indices.output_view());
  return found;
}

double reduced(ReduceOp op, const std::vector<double>& terms) {
  long double sum = 0;
  switch (op) {
    case ReduceOp::max:
      return *std::max_element(terms.begin(), terms.end());
    case ReduceOp::min:
      return *std::min_element(terms.begin(), terms.end());
    case ReduceOp::sum:
    case ReduceOp::mean:
      for (const double term : terms) {
        sum += term;
      }
      return static_cast<double>(
          op == ReduceOp::sum ? sum : sum / static_cast<long double>(terms.size()));
    case ReduceOp::logsumexp:
      for (const double term : terms) {
        sum += std::exp(static_cast<long double>(term));
      }
      return static_cast<double>(std::log(sum));
  }
  return NAN;
}

/// The n terms of each result.
std::vector<std::vector<double>> terms_of(const Tensor& x) {
  const std::vector<double> flat = x.to_vector<double>();
  const auto n = static_cast<std::size_t>(x.size(1));
  const auto inner = static_cast<std::size_t>(x.size(2));
  std::vector<std::vector<double>> all(static_cast<std::size_t>(x.size(0)) * inner);
  for (std::size_t r = 0; r < all.size(); ++r) {
    for (std::size_t i = 0; i < n; ++i) {
      all[r].push_back(flat[(r / inner * n + i) * inner + r % inner]);
    }
  }
  return all;
}

void expect_reductions(const Tensor& x) {
  for (const ReduceOp op : all_ops) {
    const bool is_extreme = op == ReduceOp::max || op == ReduceOp::min;
    if (is_extreme && x.size(1) == 0) {
      continue;
    }
    const std::string what = "reduction " + std::to_string(static_cast<int>(op)) + " of " +
                             to_string(x.shape()) + " with strides " + to_string(x.strides());
    std::vector<double> expected;
    for (const std::vector<double>& terms : terms_of(x)) {
      expected.push_back(reduced(op, terms));
    }
    if (op == ReduceOp::mean && x.size(1) == 0) {
      for (const double got : reduce(op, x).to_vector<double>()) {
        EXPECT_TRUE(std::isnan(got)) << what;
      }
    } else if (op == ReduceOp::logsumexp && x.size(1) == 0) {
      for (const double got : reduce(op, x).to_vector<double>()) {
        EXPECT_EQ(got, -INFINITY) << what;
      }
    } else {
      expect_near(reduce(op, x), expected, tolerance_of(x.dtype()), what);
    }
    if (is_extreme) {
      const Places found = arg_extreme(op, x);
      expect_near(found.values, expected, 0.0, what);
      std::vector<std::int64_t> places;
      for (const std::vector<double>& terms : terms_of(x)) {
        const auto place = op == ReduceOp::max ? std::max_element(terms.begin(), terms.end())
                                               : std::min_element(terms.begin(), terms.end());
        places.push_back(place - terms.begin());
      }
      EXPECT_EQ(found.indices.to_vector<std::int64_t>(), places) << "places, " << what;
    }
  }
}

TEST(Reduce, IsRightForAllSizes) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t n : {0, 1, 31, 32, 33, 127, 128, 129, 1000}) {
      expect_reductions(sample({1, n, 1}, dtype, 1));
      expect_reductions(sample({3, n, 1}, dtype, 2));
      expect_reductions(sample({1, n, 7}, dtype, 3));
      expect_reductions(sample({2, n, 37}, dtype, 4));
      expect_reductions(sample({2, n, 300}, dtype, 5));
    }
    expect_reductions(sample({0, 5, 3}, dtype, 6));
    expect_reductions(sample({2, 5, 0}, dtype, 6));
    expect_reductions(sample({2, 40000, 1}, dtype, 7));
    expect_reductions(sample({1, 5000, 140}, dtype, 8));
  }
}

TEST(Reduce, IsRightForAllStrides) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Tensor x = sample({20, 150, 40}, dtype, 1);
    expect_reductions(x.permute({2, 0, 1}));
    expect_reductions(x.permute({0, 2, 1}));
    expect_reductions(x.permute({1, 2, 0}));
    expect_reductions(x.slice(1, 3, 140, 2));
    expect_reductions(x.slice(2, 1, 40, 3));
    expect_reductions(sample({1, 150, 1}, dtype, 2).expand({3, 150, 20}));
    expect_reductions(sample({3, 1, 20}, dtype, 2).expand({3, 150, 20}));
    Tensor room = Tensor::zeros({40, 40}, dtype);
    const Tensor out = room.slice(0, 0, 40, 2).slice(1, 0, 40, 1);
    cpu_kernels().reduce.reduce(cpu_stream(), ReduceOp::sum, x.view(), out.output_view());
    EXPECT_TRUE(same_bits(out.contiguous(), reduce(ReduceOp::sum, x)));
  }
}

TEST(Reduce, TheTreeDependsOnTheNumberOfTermsAlone) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t n : {5, 32, 127, 128, 129, 640, 1000, 2049, 4097, 40000}) {
      const Tensor rows = sample({9, n, 1}, dtype, 1);  // terms side by side
      for (const ReduceOp op : {ReduceOp::sum, ReduceOp::mean, ReduceOp::logsumexp}) {
        const std::vector<double> expected = reduce(op, rows).to_vector<double>();
        const Tensor columns = rows.reshape({1, 9, n}).transpose(1, 2).contiguous();
        EXPECT_EQ(reduce(op, columns).to_vector<double>(), expected) << n << " terms, as columns";
        EXPECT_EQ(reduce(op, columns.transpose(0, 2)).to_vector<double>(), expected)
            << n << " terms, gathered";
        EXPECT_EQ(reduce(op, rows.slice(0, 4, 5)).to_vector<double>()[0], expected[4]) << "alone";
      }
    }
  }
}

TEST(Reduce, SumsOfManyEqualTermsStayExactWhereARunningSumDoesNot) {
  const std::int64_t n = 20'000'000;  // above 2²⁴, a running f32 sum of ones stands still
  const Tensor ones = Tensor::full({1, 1, 1}, 1.0).expand({1, n, 1});
  EXPECT_EQ(reduce(ReduceOp::sum, ones).item<double>(), 2e7);
  EXPECT_EQ(
      reduce(ReduceOp::sum, Tensor::full({1, 1, 1}, 1.0).expand({1, n, 8})).to_vector<double>()[3],
      2e7);
}

TEST(Reduce, SumsWholeNumbers) {
  const Tensor x = Tensor::arange(2 * 300 * 11).reshape({2, 300, 11});
  for (const Tensor& view : {x, x.permute({0, 2, 1}), x.permute({2, 1, 0})}) {
    std::vector<double> expected;
    for (const std::vector<double>& terms : terms_of(view)) {
      expected.push_back(reduced(ReduceOp::sum, terms));
    }
    expect_near(reduce(ReduceOp::sum, view), expected, 0.0, "sum of i64");
  }
}

TEST(Reduce, NaNIsNeverLost) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::int64_t inner : {1, 20}) {
    for (const std::int64_t n : {1, 7, 40, 300}) {
      for (const std::int64_t place : {std::int64_t{0}, n / 2, n - 1}) {
        Tensor x = sample({1, n, inner}, DType::f32, 1);
        x.select(1, place).fill_(nan);
        for (const ReduceOp op : all_ops) {
          EXPECT_TRUE(std::isnan(reduce(op, x).to_vector<double>().back()))
              << static_cast<int>(op) << ", " << n << " terms, NaN at " << place;
        }
        const Places largest = arg_extreme(ReduceOp::max, x);
        EXPECT_EQ(largest.indices.to_vector<std::int64_t>().back(), place);
        EXPECT_TRUE(std::isnan(largest.values.to_vector<double>().back()));
        const Places smallest = arg_extreme(ReduceOp::min, x);  // a NaN counts as the largest
        EXPECT_EQ(std::isnan(smallest.values.to_vector<double>().back()), n == 1);
      }
      Tensor all_nan = Tensor::full({1, n, inner}, nan);
      EXPECT_EQ(arg_extreme(ReduceOp::min, all_nan).indices.to_vector<std::int64_t>().back(), 0);
    }
  }
}

TEST(Reduce, TheFirstOfEqualValuesCounts) {
  for (const std::int64_t inner : {1, 16}) {
    const Tensor x = Tensor::full({2, 100, inner}, 3.0);
    for (const ReduceOp op : {ReduceOp::max, ReduceOp::min}) {
      for (const std::int64_t place : arg_extreme(op, x).indices.to_vector<std::int64_t>()) {
        EXPECT_EQ(place, 0);
      }
    }
  }
}

TEST(Reduce, LogsumexpReachesInfinitiesAndLargeValues) {
  const auto of = [](std::initializer_list<float> values) {
    const auto n = static_cast<std::int64_t>(values.size());
    return reduce(ReduceOp::logsumexp, Tensor::from<float>(values, {1, n, 1})).item<float>();
  };
  EXPECT_EQ(of({-INFINITY, -INFINITY}), -INFINITY);
  EXPECT_EQ(of({INFINITY, 0.0f}), INFINITY);
  EXPECT_FLOAT_EQ(of({1000.0f, 1000.0f}), 1000.0f + std::log(2.0f));
  EXPECT_FLOAT_EQ(of({-1000.0f, -INFINITY}), -1000.0f);
}

TEST(Reduce, BitsDoNotDependOnThreads) {
  const Tensor flat = sample({1, 100'003, 1}, DType::f32, 1);
  const Tensor wide = sample({3, 5000, 150}, DType::f32, 2);
  expect_same_bits_for_any_threads([&] {
    std::vector<Tensor> results;
    for (const ReduceOp op : all_ops) {
      results.push_back(reduce(op, flat));
      results.push_back(reduce(op, wide));
      results.push_back(reduce(op, wide.permute({2, 1, 0})));
    }
    return results;
  });
}

TEST(Reduce, ErrorsNameWhatWasFoundAndExpected) {
  const Tensor none = Tensor::empty({2, 0, 3});
  expect_error([&] { reduce(ReduceOp::max, none); }, "reduce: x is [2, 0, 3]");
  expect_error([&] { arg_extreme(ReduceOp::min, none); }, "arg_extreme: x is [2, 0, 3]");
  expect_error(
      [&] {
        arg_extreme(ReduceOp::sum, Tensor::zeros({2, 2, 3}));
      },
      "expected max or min");
  expect_error(
      [&] {
        reduce(ReduceOp::max, Tensor::arange(6).reshape({1, 6, 1}));
      },
      "reduce: got i64, expected f32 or f64");
  const Tensor x = Tensor::zeros({2, 4, 3});
  const Tensor out = Tensor::zeros({3, 2});
  expect_error(
      [&] {
        cpu_kernels().reduce.reduce(cpu_stream(), ReduceOp::sum, x.view(), out.output_view());
      },
      "reduce: out is [3, 2]; expected [2, 3]");
}

}  // namespace
}  // namespace heddle::testing
