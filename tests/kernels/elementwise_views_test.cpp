#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/kernels/elementwise_samples.h"

namespace heddle::testing {
namespace {

TEST(Elementwise, AnElementHasTheSameBitsWhereverItStands) {
  for (const UnaryCase& row : unary_cases()) {
    const Tensor x = argument({203}, DType::f32, row.needs_positive);
    const Tensor all = unary(row.op, x);
    for (std::int64_t begin = 0; begin < 9; ++begin) {
      for (const std::int64_t step : {1, 3}) {
        const Tensor part = x.slice(0, begin, Tensor::end, step);
        const Tensor expected = all.slice(0, begin, Tensor::end, step);
        EXPECT_TRUE(same_bits(unary(row.op, part), expected)) << static_cast<int>(row.op);
      }
    }
  }
}

TEST(Elementwise, WalksEveryKindOfView) {
  for (const DType dtype : {DType::f32, DType::f64, DType::i64}) {
    const auto values = [&](const Shape& shape, std::uint64_t seed) {
      return argument(shape, dtype, false, seed);
    };
    const auto expect_add = [&](const Tensor& a, const Tensor& b) {
      expect_binary(BinaryOp::add, a, b);
    };
    const Tensor matrix = values({37, 53}, 1);
    expect_add(matrix, values({53}, 2).expand({37, 53}));     // a row for all rows
    expect_add(matrix, values({37, 1}, 2).expand({37, 53}));  // a column for all columns
    expect_add(matrix, values({}, 2).expand({37, 53}));       // one value
    expect_add(values({}, 1).expand({37, 53}), values({}, 2).expand({37, 53}));
    expect_add(matrix, values({53, 37}, 2).transpose(0, 1));
    expect_add(matrix.transpose(0, 1), values({53, 37}, 2));
    expect_add(matrix.slice(1, 3, 50, 4), values({37, 12}, 2));
    expect_add(matrix.slice(0, 1, Tensor::end, 2), values({18, 53}, 2));
    expect_add(values({}, 1), values({}, 2));
    expect_add(values({3000, 2}, 1), values({2}, 2).expand({3000, 2}));  // short rows
    expect_add(values({3000, 3}, 1), values({3000, 1}, 2).expand({3000, 3}));
    expect_add(values({2, 1500, 3}, 1).permute({2, 0, 1}), values({3, 2, 1500}, 2));
    expect_add(values({2, 3, 1, 2, 3, 2, 1, 2}, 1),
               values({3, 1, 2, 1, 2, 1, 1}, 2).expand({2, 3, 1, 2, 3, 2, 1, 2}));
    expect_add(values({4, 0, 3}, 1), values({3}, 2).expand({4, 0, 3}));
    expect_add(values({70000}, 1), values({70000}, 2));  // several tiles
    expect_add(values({70, 1001}, 1), values({1001}, 2).expand({70, 1001}));
    expect_add(values({1001, 70}, 1).transpose(0, 1), values({70, 1}, 2).expand({70, 1001}));
  }
}

TEST(Elementwise, WritesThroughEveryKindOfView) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Tensor x = argument({20, 30}, dtype, false);
    for (const bool transposed : {false, true}) {
      Tensor room = Tensor::zeros({60, 60}, dtype);
      const Tensor target = transposed ? room.slice(0, 0, 60, 2).slice(1, 0, 60, 3).transpose(0, 1)
                                       : room.slice(0, 0, 60, 3).slice(1, 0, 60, 2);
      cpu_kernels().elementwise.affine(cpu_stream(), 2.0, 1.0, x.view(), target.output_view());
      expect_near(target, mapped(x, [](double v) { return 2 * v + 1; }), tolerance_of(dtype),
                  "affine");
      const std::vector<double> whole = room.to_vector<double>();
      EXPECT_EQ(std::count(whole.begin(), whole.end(), 0.0), 3000) << "wrote outside its view";
    }
  }
}

TEST(Elementwise, WorksInPlace) {
  for (const std::int64_t size : sizes) {
    for (const std::int64_t step : {1, 2}) {
      Tensor a = argument({size * step}, DType::f32, false, 1).slice(0, 0, Tensor::end, step);
      Tensor b = argument({size * step}, DType::f32, false, 2).slice(0, 0, Tensor::end, step);
      const Tensor expected = binary(BinaryOp::multiply, unary(UnaryOp::tanh, a), b);
      cpu_kernels().elementwise.unary(cpu_stream(), UnaryOp::tanh, a.view(),
                                      a.mutable_view("tanh"));
      cpu_kernels().elementwise.binary(cpu_stream(), BinaryOp::multiply, a.view(), b.view(),
                                       b.mutable_view("multiply"));
      EXPECT_TRUE(same_bits(b, expected));
    }
  }
}

TEST(Elementwise, BitsDoNotDependOnThreads) {
  const Tensor x = argument({100, 1009}, DType::f32, false);
  const Tensor row = argument({1009}, DType::f32, false, 2).expand({100, 1009});
  expect_same_bits_for_any_threads([&] {
    return std::vector{unary(UnaryOp::gelu, x), binary(BinaryOp::divide, x, row),
                       binary(BinaryOp::add, x.transpose(0, 1), row.transpose(0, 1))};
  });
}

}  // namespace
}  // namespace heddle::testing
