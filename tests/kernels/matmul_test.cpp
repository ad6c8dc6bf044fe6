#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

/// A matrix kept as it is, or as the transpose of a row-major one.
enum class Major : std::uint8_t { row, column };

Tensor sample_matrices(std::int64_t batch, std::int64_t rows, std::int64_t cols, Major major,
                       DType dtype, std::uint64_t seed) {
  if (major == Major::row) {
    return sample({batch, rows, cols}, dtype, seed);
  }
  return sample({batch, cols, rows}, dtype, seed).transpose(1, 2);
}

std::vector<double> naive_product(const Tensor& a, const Tensor& b, const Tensor& start) {
  const std::int64_t batch = a.size(0);
  const std::int64_t m = a.size(1);
  const std::int64_t k = a.size(2);
  const std::int64_t n = b.size(2);
  const std::vector<double> left = a.to_vector<double>();
  const std::vector<double> right = b.to_vector<double>();
  std::vector<double> out = start.to_vector<double>();
  const auto at = [](std::int64_t index) { return static_cast<std::size_t>(index); };
  for (std::int64_t i = 0; i < batch * m; ++i) {
    for (std::int64_t p = 0; p < k; ++p) {
      for (std::int64_t j = 0; j < n; ++j) {
        out[at(i * n + j)] += left[at(i * k + p)] * right[at((i / m * k + p) * n + j)];
      }
    }
  }
  return out;
}

void multiply(const Tensor& a, const Tensor& b, bool accumulate, const Tensor& out) {
  cpu_kernels().matmul.multiply(cpu_stream(), a.view(), b.view(), accumulate, out.output_view());
}

void expect_product(std::int64_t batch, std::int64_t m, std::int64_t k, std::int64_t n,
                    Major a_major, Major b_major, Major out_major, DType dtype) {
  const Tensor a = sample_matrices(batch, m, k, a_major, dtype, 1);
  const Tensor b = sample_matrices(batch, k, n, b_major, dtype, 2);
  const std::string what =
      concat(batch, " × ", m, "×", k, "×", n, " majors ", static_cast<int>(a_major),
             static_cast<int>(b_major), static_cast<int>(out_major));
  Tensor out = sample_matrices(batch, m, n, out_major, dtype, 3);
  out.fill_(std::numeric_limits<double>::quiet_NaN());
  multiply(a, b, false, out);
  expect_near(out, naive_product(a, b, Tensor::zeros({batch, m, n}, DType::f64)),
              tolerance_of(dtype), what);
  out = sample_matrices(batch, m, n, out_major, dtype, 3);
  const std::vector<double> expected = naive_product(a, b, out);
  multiply(a, b, true, out);
  expect_near(out, expected, tolerance_of(dtype), what + " added to out");
}

TEST(Matmul, AgreesWithTheNaiveProduct) {
  const std::vector<std::int64_t> sizes{0, 1, 2, 7, 16, 31, 33};
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t m : sizes) {
      for (const std::int64_t k : sizes) {
        for (const std::int64_t n : sizes) {
          expect_product(1, m, k, n, Major::row, Major::row, Major::row, dtype);
        }
      }
    }
  }
}

TEST(Matmul, TakesEveryTranspose) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (int majors = 0; majors < 8; ++majors) {
      const auto major = [&](int bit) {
        return (majors >> bit) % 2 == 0 ? Major::row : Major::column;
      };
      expect_product(1, 37, 300, 29, major(0), major(1), major(2), dtype);
      expect_product(3, 5, 18, 21, major(0), major(1), major(2), dtype);
      expect_product(1, 1, 9, 1, major(0), major(1), major(2), dtype);
      expect_product(1, 200, 65, 300, major(0), major(1), major(2), dtype);
    }
  }
}

TEST(Matmul, ZeroBatchStrideRepeatsAMatrix) {
  const Tensor a = sample({1, 6, 5}, DType::f32, 1).expand({4, 6, 5});
  const Tensor b = sample({4, 5, 7}, DType::f32, 2);
  const Tensor out = unwritten({4, 6, 7}, DType::f32);
  multiply(a, b, false, out);
  expect_near(out, naive_product(a.contiguous(), b, Tensor::zeros({4, 6, 7}, DType::f64)), 1e-6,
              "repeated a");
}

TEST(Matmul, WritesOnlyItsPart) {
  const Tensor whole = Tensor::full({1, 40, 50}, 7.0);
  const Tensor part = whole.slice(1, 3, 30).slice(2, 5, 39);
  multiply(sample({1, 27, 11}, DType::f32, 1), sample({1, 11, 34}, DType::f32, 2), false, part);
  part.mark_changed("test");
  double outside = 0;
  const std::vector<double> values = whole.to_vector<double>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t row = i / 50;
    const std::size_t col = i % 50;
    if (row < 3 || row >= 30 || col < 5 || col >= 39) {
      outside += std::abs(values[i] - 7.0);
    }
  }
  EXPECT_EQ(outside, 0.0);
}

TEST(Matmul, SameBitsForAnyThreads) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    expect_same_bits_for_any_threads([&] {
      std::vector<Tensor> results;
      for (const std::int64_t m : {1, 33, 64, 500}) {
        const Tensor out = unwritten({2, m, 260}, dtype);
        multiply(sample({2, m, 600}, dtype, 1), sample({2, 260, 600}, dtype, 2).transpose(1, 2),
                 false, out);
        results.push_back(out);
      }
      return results;
    });
  }
}

TEST(Matmul, BitsOfARowDoNotDependOnItsNeighbours) {
  const Tensor a = sample({1, 100, 700}, DType::f32, 1);
  const Tensor b = sample({1, 700, 90}, DType::f32, 2);
  const Tensor all = unwritten({1, 100, 90}, DType::f32);
  multiply(a, b, false, all);
  for (const std::int64_t row : {0, 7, 50, 99}) {
    const Tensor one = unwritten({1, 1, 90}, DType::f32);
    multiply(a.slice(1, row, row + 1), b, false, one);
    EXPECT_TRUE(same_bits(one, all.slice(1, row, row + 1).contiguous())) << "row " << row;
  }
}

TEST(Matmul, SaysWhatDoesNotFit) {
  const auto message = [](const Tensor& a, const Tensor& b, const Tensor& out) -> std::string {
    try {
      multiply(a, b, false, out);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const Tensor out = Tensor::zeros({1, 2, 4});
  EXPECT_NE(message(Tensor::zeros({1, 2, 3}), Tensor::zeros({1, 5, 4}), out).find("[1, 5, 4]"),
            std::string::npos);
  const Tensor steps = Tensor::zeros({1, 2, 6}).slice(2, 0, 6, 2);
  EXPECT_NE(message(steps, Tensor::zeros({1, 3, 4}), out).find("column stride 2"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle::testing
