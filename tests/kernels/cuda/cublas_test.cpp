// Matrix products by cuBLAS, on a fake one: no GPU needed.

#include "kernels/gpu/cublas.h"

#include <gtest/gtest.h>

#include "core/allocator.h"
#include "core/cuda/card.h"
#include "core/graph.h"
#include "core/memory.h"
#include "core/tensor.h"
#include "tests/core/cuda/fake_cuda.h"
#include "tests/core/throws.h"
#include "tests/kernels/cuda/fake_cublas.h"

namespace heddle {
namespace {

constexpr Device gpu{Backend::cuda, 0};

class Cublas : public testing::Test {
 protected:
  void TearDown() override {
    kernels::cuda::release_cublas();
    release_cached_memory(gpu);
    cuda::shut_down();
    EXPECT_EQ(cublas.handles(), 0);
    EXPECT_EQ(fake.alive(), "");
    EXPECT_EQ(fake.misuse(), "");
  }

  FakeCuda fake;
  FakeCublas cublas;
};

/// Small whole numbers, whose products and sums are exact in every type; with `turned`, each matrix
/// is column-major in memory.
Tensor batch(std::int64_t count, std::int64_t rows, std::int64_t cols, bool turned, DType dtype,
             int seed) {
  Tensor x = Tensor::empty(turned ? Shape{count, cols, rows} : Shape{count, rows, cols});
  float* const values = x.mutable_data<float>();
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    values[i] = static_cast<float>((i * 7 + seed) % 5 - 2);
  }
  const Tensor there = x.to(dtype).to(gpu);
  return turned ? there.transpose(1, 2) : there;
}

Tensor product(const Tensor& a, const Tensor& b, const Tensor& before) {
  const Tensor left = a.to(Device{}).to(DType::f64);
  const Tensor right = b.to(Device{}).to(DType::f64);
  Tensor out = before.to(Device{}).to(DType::f64).clone();
  for (std::int64_t z = 0; z < out.size(0); ++z) {
    for (std::int64_t i = 0; i < out.size(1); ++i) {
      for (std::int64_t j = 0; j < out.size(2); ++j) {
        double sum = out.select(0, z).select(0, i).select(0, j).item<double>();
        for (std::int64_t l = 0; l < left.size(2); ++l) {
          sum += left.select(0, z).select(0, i).select(0, l).item<double>() *
                 right.select(0, z).select(0, l).select(0, j).item<double>();
        }
        out.select(0, z).select(0, i).select(0, j).fill_(sum);
      }
    }
  }
  return out;
}

TEST_F(Cublas, AgreesWithThePlainLoopInEveryLayout) {
  struct Sizes {
    std::int64_t count, m, k, n;
  };
  for (const auto& [count, m, k, n] :
       {Sizes{2, 3, 4, 5}, Sizes{1, 1, 4, 3}, Sizes{3, 4, 1, 2}, Sizes{2, 3, 2, 1},
        Sizes{1, 1, 1, 1}, Sizes{2, 2, 0, 3}, Sizes{0, 2, 2, 2}}) {
    for (int layouts = 0; layouts < 16; ++layouts) {
      const bool accumulate = (layouts & 8) != 0;
      for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
        const Tensor a = batch(count, m, k, (layouts & 1) != 0, dtype, 1);
        const Tensor b = batch(count, k, n, (layouts & 2) != 0, dtype, 2);
        const Tensor out = batch(count, m, n, (layouts & 4) != 0, dtype, 3);
        const Tensor expected = product(a, b, accumulate ? out : Tensor::zeros(out.shape(), dtype));
        kernels::cuda::cublas_matmul(current_stream(gpu), a.view(), b.view(), accumulate,
                                     out.output_view());
        EXPECT_TRUE(same_bits(out.to(Device{}).to(DType::f64).contiguous(), expected))
            << count << ' ' << m << ' ' << k << ' ' << n << ", layouts " << layouts << ", "
            << dtype;
      }
    }
  }
}

TEST_F(Cublas, TakesViewsAndRepeatedMatrices) {
  const Tensor wide = batch(2, 3, 8, false, DType::f32, 1);
  const Tensor a = wide.slice(2, 2, 6);  // row stride 8
  const Tensor b = batch(1, 4, 5, false, DType::f32, 2).expand({2, 4, 5});
  const Tensor out = Tensor::empty({2, 3, 5}, DType::f32, gpu);
  kernels::cuda::cublas_matmul(current_stream(gpu), a.view(), b.view(), false, out.output_view());
  EXPECT_TRUE(same_bits(out.to(DType::f64), product(a, b, Tensor::zeros({2, 3, 5}))));
}

TEST_F(Cublas, RoundsAsTheStreamsMathSays) {
  Stream stream = current_stream(gpu);
  const auto computation = [&](DType dtype, Math math) {
    const Tensor a = batch(1, 2, 2, false, dtype, 1);
    const Tensor out = Tensor::empty({1, 2, 2}, dtype, gpu);
    stream.math = math;
    kernels::cuda::cublas_matmul(stream, a.view(), a.view(), false, out.output_view());
    return cublas.last_computation();
  };
  EXPECT_EQ(computation(DType::f32, Math::f32), "32F pedantic");
  EXPECT_EQ(computation(DType::f32, Math::tf32), "32F_FAST_TF32 default");
  EXPECT_EQ(computation(DType::bf16, Math::bf16), "32F default");
  EXPECT_EQ(computation(DType::f64, Math::tf32), "64F default");
}

TEST_F(Cublas, WidensBf16) {
  const Tensor a = batch(1, 2, 3, false, DType::bf16, 1);
  const Tensor b = batch(1, 3, 2, false, DType::bf16, 2);
  const Tensor out = Tensor::empty({1, 2, 2}, DType::f32, gpu);
  kernels::cuda::cublas_matmul(current_stream(gpu), a.view(), b.view(), false, out.output_view());
  EXPECT_TRUE(same_bits(out.to(DType::f64), product(a, b, Tensor::zeros({1, 2, 2}))));
}

TEST_F(Cublas, RefusesWhatTheContractDoesNotAllow) {
  Stream& stream = current_stream(gpu);
  const Tensor a = batch(1, 2, 3, false, DType::f32, 1);
  const Tensor out = Tensor::empty({1, 2, 2}, DType::f32, gpu);
  const auto message = [&](const Tensor& left, const Tensor& right) {
    return message_of([&] {
      kernels::cuda::cublas_matmul(stream, left.view(), right.view(), false, out.output_view());
    });
  };
  EXPECT_NE(message(a, a).find("expected [batch, m, k]"), std::string::npos);
  EXPECT_NE(message(a, batch(1, 3, 2, false, DType::f64, 1)).find("expected one type"),
            std::string::npos);
  const Tensor spread = batch(1, 3, 4, false, DType::f32, 1).slice(2, 0, 4, 2);
  EXPECT_NE(message(a, spread).find("has strides"), std::string::npos);
}

TEST_F(Cublas, IsCapturedAlsoAtItsFirstUse) {
  const Tensor a = batch(1, 3, 4, false, DType::f32, 1);
  const Tensor b = batch(1, 4, 2, false, DType::f32, 2);
  const Tensor out = Tensor::zeros({1, 3, 2}, DType::f32, gpu);
  Stream& stream = current_stream(gpu);
  for (int i = 0; i < 2; ++i) {
    Graph graph;
    graph.begin_capture(stream);
    kernels::cuda::cublas_matmul(stream, a.view(), b.view(), true, out.output_view());
    graph.end_capture();
    graph.replay(stream);
    kernels::cuda::cublas_matmul(stream, a.view(), b.view(), true, out.output_view());
  }
  const Tensor once = product(a, b, Tensor::zeros({1, 3, 2}));
  EXPECT_EQ(out.select(0, 0).select(0, 1).select(0, 1).item<double>(),
            4 * once.select(0, 0).select(0, 1).select(0, 1).item<double>());
}

TEST(CublasFaults, EveryCallMayFail) {
  int n = 1;
  for (;; ++n) {
    FakeCuda fake;
    FakeCublas cublas;
    fake.fail_at(n);
    std::string message;
    try {
      const Tensor a = batch(1, 3, 4, false, DType::f32, 1);
      const Tensor b = batch(1, 4, 2, true, DType::f32, 2);
      const Tensor out = Tensor::zeros({1, 3, 2}, DType::f32, gpu);
      kernels::cuda::cublas_matmul(current_stream(gpu), a.view(), b.view(), false,
                                   out.output_view());
      synchronize(gpu);
    } catch (const Error& error) {
      message = error.what();
    }
    const std::string failed = fake.failed_call();
    fake.fail_at(0);
    kernels::cuda::release_cublas();
    release_cached_memory(gpu);
    cuda::shut_down();
    ASSERT_EQ(cublas.handles(), 0) << failed;
    ASSERT_EQ(fake.alive(), "") << failed;
    ASSERT_EQ(fake.misuse(), "") << failed;
    if (failed.empty()) {
      EXPECT_EQ(message, "");
      break;
    }
    EXPECT_NE(message.find(failed), std::string::npos) << "call " << n << ": " << message;
  }
  EXPECT_GT(n, 25);
}

TEST(CublasVersion, IsTheOneLinkedWith) { EXPECT_NE(cublas_version(), ""); }

}  // namespace
}  // namespace heddle
