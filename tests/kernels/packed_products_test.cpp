#include "kernels/cpu/packed_products.h"

#include "kernels/cpu/wide_panels.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

void multiply(const Tensor& a, const Tensor& b, bool accumulate, const Tensor& out) {
  cpu_kernels().matmul.multiply(cpu_stream(), a.view(), b.view(), accumulate, out.output_view());
}

/// The product as a whole, and again in slices of rows so small that no factor is packed for all.
void expect_bits_of_slices(const Tensor& a, const Tensor& b) {
  const std::int64_t m = a.size(1);
  const std::int64_t n = b.size(2);
  for (const bool accumulate : {false, true}) {
    const Tensor whole = sample({1, m, n}, a.dtype(), 3);
    const Tensor parts = whole.clone();
    multiply(a, b, accumulate, whole);
    constexpr std::int64_t slice = 50;
    for (std::int64_t row = 0; row < m; row += slice) {
      const std::int64_t end = std::min(row + slice, m);
      multiply(a.slice(1, row, end), b, accumulate, parts.slice(1, row, end));
    }
    EXPECT_TRUE(same_bits(whole, parts))
        << m << " × " << a.size(2) << " × " << n << ", accumulate " << accumulate;
  }
}

class PackedProducts : public ::testing::TestWithParam<std::tuple<DType, bool>> {
 protected:
  void SetUp() override {
    if (std::get<1>(GetParam()) && !before_) {
      GTEST_SKIP() << "no AVX-512 here";
    }
    cpu::use_wide_registers(std::get<1>(GetParam()));
  }
  void TearDown() override { cpu::use_wide_registers(before_); }

 private:
  bool before_ = cpu::wide_registers();
};

TEST_P(PackedProducts, RightFactorPackedOnceGivesTheBitsOfTiles) {
  const DType dtype = std::get<0>(GetParam());
  for (const std::int64_t n : {32, 130}) {
    ASSERT_TRUE(cpu::packs_right_once(321, n, 600));
    ASSERT_FALSE(cpu::packs_right_once(50, n, 600));
    const Tensor a = sample({1, 321, 600}, dtype, 1);
    expect_bits_of_slices(a, sample({1, 600, n}, dtype, 2));
    expect_bits_of_slices(a, sample({1, n, 600}, dtype, 2).transpose(1, 2));
  }
}

TEST_P(PackedProducts, BothFactorsPackedOnceGiveTheBitsOfTiles) {
  const DType dtype = std::get<0>(GetParam());
  for (const std::int64_t k : {512, 1300}) {
    ASSERT_TRUE(cpu::packs_both_once(203, 131, k));
    ASSERT_FALSE(cpu::packs_both_once(50, 131, k));
    expect_bits_of_slices(sample({1, k, 203}, dtype, 1).transpose(1, 2),
                          sample({1, k, 131}, dtype, 2));
  }
}

TEST_P(PackedProducts, SameBitsForAnyThreads) {
  const DType dtype = std::get<0>(GetParam());
  expect_same_bits_for_any_threads([&] {
    const Tensor rows = unwritten({1, 300, 200}, dtype);
    multiply(sample({1, 300, 520}, dtype, 1), sample({1, 520, 200}, dtype, 2), false, rows);
    const Tensor sums = unwritten({1, 300, 200}, dtype);
    multiply(sample({1, 1100, 300}, dtype, 1).transpose(1, 2), sample({1, 1100, 200}, dtype, 2),
             false, sums);
    return std::vector<Tensor>{rows, sums};
  });
}

INSTANTIATE_TEST_SUITE_P(Types, PackedProducts,
                         ::testing::Combine(::testing::Values(DType::f32, DType::f64),
                                            ::testing::Bool()),
                         [](const auto& parameter) {
                           return concat(name_of(std::get<0>(parameter.param)),
                                         std::get<1>(parameter.param) ? "_wide" : "_narrow");
                         });

}  // namespace
}  // namespace heddle::testing
