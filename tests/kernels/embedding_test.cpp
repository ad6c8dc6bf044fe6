#include <vector>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

Tensor embedding(const Tensor& table, const Tensor& ids) {
  const Tensor out = unwritten({ids.size(0), table.size(1)}, table.dtype());
  cpu_kernels().embedding.forward(cpu_stream(), table.view(), ids.view(), out.output_view());
  return out;
}

Tensor embedding_backward(const Tensor& ids, const Tensor& dout, std::int64_t rows) {
  const Tensor dtable = unwritten({rows, dout.size(1)}, dout.dtype());
  cpu_kernels().embedding.backward(cpu_stream(), ids.view(), dout.view(), dtable.output_view());
  return dtable;
}

/// Ids below `rows`; every third is 0, as padding is.
Tensor ids_below(std::int64_t rows, std::int64_t count) {
  Generator generator(3);
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto id = static_cast<std::int64_t>(generator.below(static_cast<std::uint64_t>(rows)));
    ids.push_back(i % 3 == 0 ? 0 : id);
  }
  return Tensor::from<std::int64_t>(ids, {count});
}

void expect_embedding(std::int64_t rows, std::int64_t width, std::int64_t count, DType dtype) {
  const Tensor table = sample({rows, width}, dtype, 1);
  const Tensor ids = ids_below(rows, count);
  const Tensor dout = sample({count, width}, dtype, 2);
  const std::vector<double> from = table.to_vector<double>();
  const std::vector<double> upstream = dout.to_vector<double>();
  std::vector<double> expected;
  std::vector<double> gradient(from.size());
  const auto cols = static_cast<std::size_t>(width);
  const std::vector<std::int64_t> places = ids.to_vector<std::int64_t>();
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t c = 0; c < cols; ++c) {
      const std::size_t at = static_cast<std::size_t>(places[i]) * cols + c;
      expected.push_back(from[at]);
      gradient[at] += upstream[i * cols + c];
    }
  }
  const std::string what = "a table " + to_string(table.shape());
  expect_near(embedding(table, ids), expected, 0.0, what);
  expect_near(embedding_backward(ids, dout, rows), gradient, tolerance_of(dtype), what);
}

TEST(Embedding, TakesRowsAndSumsTheirGradients) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t width : {0, 1, 31, 33, 129, 300}) {
      expect_embedding(1, width, 100, dtype);
      expect_embedding(2, width, 1000, dtype);
      expect_embedding(255, width, 100, dtype);
      expect_embedding(3000, width, 500, dtype);
      expect_embedding(10, width, 0, dtype);
    }
  }
}

TEST(Embedding, GradientsAreSummedInTheOrderOfPlaces) {
  // In f32, (1 + 1e8) − 1e8 is 0 and (1e8 − 1e8) + 1 is 1.
  const Tensor dout = Tensor::from<float>({1.0f, 1e8f, -1e8f}, {3, 1});
  const Tensor ids = Tensor::from<std::int64_t>({1, 1, 1}, {3});
  EXPECT_EQ(embedding_backward(ids, dout, 2).to_vector<float>(), (std::vector<float>{0.0f, 0.0f}));
  const Tensor other = Tensor::from<float>({1e8f, -1e8f, 1.0f}, {3, 1});
  EXPECT_EQ(embedding_backward(ids, other, 2).to_vector<float>(), (std::vector<float>{0.0f, 1.0f}));
}

TEST(Embedding, BitsDoNotDependOnThreads) {
  for (const std::int64_t rows : {7, 5000}) {
    const Tensor ids = ids_below(rows, 3000);
    const Tensor dout = sample({3000, 100}, DType::f32, 1);
    expect_same_bits_for_any_threads(
        [&] { return std::vector{embedding_backward(ids, dout, rows)}; });
  }
}

TEST(Embedding, AnIdOutsideTheTableIsNamed) {
  const Tensor table = Tensor::zeros({4, 3});
  for (const std::int64_t bad : {std::int64_t{4}, std::int64_t{-1}}) {
    const Tensor ids = Tensor::from<std::int64_t>({0, 3, bad}, {3});
    const std::string text = "ids[2] is " + std::to_string(bad) + "; expected 0 ≤ id < 4";
    expect_error([&] { embedding(table, ids); }, "embedding: " + text);
    expect_error(
        [&] {
          embedding_backward(ids, Tensor::zeros({3, 3}), 4);
        },
        "embedding_backward: " + text);
  }
  expect_error([&] { embedding(table.transpose(0, 1), Tensor::arange(2)); },
               "table has strides [1, 3]; expected it contiguous");
}

}  // namespace
}  // namespace heddle::testing
