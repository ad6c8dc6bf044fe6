#include "kernels/cpu/wide_panels.h"

#include "tests/kernels/samples.h"
#include "tests/support/wide_registers.h"

namespace heddle::testing {
namespace {

struct Sizes {
  std::int64_t m, k, n;
};

class WidePanels : public ::testing::TestWithParam<DType> {
 protected:
  void SetUp() override {
    if (!cpu::wide_registers()) {
      GTEST_SKIP() << "no AVX-512 here";
    }
  }
};

TEST_P(WidePanels, GiveTheBitsOfNarrowOnes) {
  for (const Sizes& sizes :
       {Sizes{1, 1, 1}, Sizes{1, 128, 512}, Sizes{3, 7, 49}, Sizes{8, 64, 48}, Sizes{9, 65, 47},
        Sizes{17, 300, 100}, Sizes{64, 257, 33}, Sizes{200, 600, 130}, Sizes{193, 128, 2}}) {
    for (const bool left_transposed : {false, true}) {
      for (const bool right_transposed : {false, true}) {
        for (const bool accumulate : {false, true}) {
          const Tensor a = left_transposed
                               ? sample({1, sizes.k, sizes.m}, GetParam(), 1).transpose(1, 2)
                               : sample({1, sizes.m, sizes.k}, GetParam(), 1);
          const Tensor b = right_transposed
                               ? sample({1, sizes.n, sizes.k}, GetParam(), 2).transpose(1, 2)
                               : sample({1, sizes.k, sizes.n}, GetParam(), 2);
          const Tensor wide = sample({1, sizes.m, sizes.n}, GetParam(), 3);
          const Tensor narrow = wide.clone();
          const auto multiply = [&](const Tensor& out) {
            cpu_kernels().matmul.multiply(cpu_stream(), a.view(), b.view(), accumulate,
                                          out.output_view());
          };
          multiply(wide);
          {
            const WithoutWideRegisters without;
            multiply(narrow);
          }
          EXPECT_TRUE(same_bits(wide, narrow))
              << sizes.m << " × " << sizes.k << " × " << sizes.n << ", left transposed "
              << left_transposed << ", right transposed " << right_transposed << ", accumulate "
              << accumulate;
        }
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Types, WidePanels, ::testing::Values(DType::f32, DType::f64),
                         [](const auto& parameter) {
                           return std::string(name_of(parameter.param));
                         });

TEST_P(WidePanels, GiveTheBitsOfNarrowOnesInTheLstm) {
  const DType dtype = GetParam();
  const Tensor x = sample({7, 19, 33}, dtype, 1);
  const Tensor weight_input = sample({2, 4 * 20, 33}, dtype, 2);
  const Tensor weight_hidden = sample({2, 4 * 20, 20}, dtype, 3);
  const auto forward = [&] {
    const Tensor y = Tensor::empty({7, 19, 40}, dtype);
    const Tensor h = Tensor::empty({2, 19, 20}, dtype);
    const Tensor c = Tensor::empty({2, 19, 20}, dtype);
    const Tensor gates = Tensor::empty({2, 7, 19, 80}, dtype);
    const Tensor cells = Tensor::empty({2, 7, 19, 20}, dtype);
    cpu_kernels().lstm.forward(cpu_stream(),
                               {.x = x.view(),
                                .weight_input = weight_input.view(),
                                .weight_hidden = weight_hidden.view(),
                                .bias = {},
                                .lengths = {},
                                .h0 = {},
                                .c0 = {}},
                               {y.output_view(), h.output_view(), c.output_view(),
                                gates.output_view(), cells.output_view()});
    return y;
  };
  const Tensor wide = forward();
  const WithoutWideRegisters without;
  EXPECT_TRUE(same_bits(wide, forward()));
}

}  // namespace
}  // namespace heddle::testing
