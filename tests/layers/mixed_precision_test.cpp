#include "layers/mixed_precision.h"

#include <gtest/gtest.h>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/random.h"
#include "core/stream.h"

namespace heddle {
namespace {

TEST(MixedPrecision, TheStreamsMathDecidesAboutActivations) {
  const Device sim{.backend = Backend::sim};
  EXPECT_EQ(activation_type(DType::f32, sim), DType::f32);
  {
    const MathScope scope(sim, Math::bf16);
    EXPECT_EQ(activation_type(DType::f32, sim), DType::bf16);
    EXPECT_EQ(activation_type(DType::f64, sim), DType::f64);
    EXPECT_EQ(activation_type(DType::f32, Device{}), DType::f32);
    const MathScope inner(sim, Math::tf32);
    EXPECT_EQ(activation_type(DType::f32, sim), DType::f32);
  }
  EXPECT_EQ(activation_type(DType::f32, sim), DType::f32) << "the scope has ended";
}

TEST(MixedPrecision, AMasterGetsItsGradientInItsOwnType) {
  Generator generator(1);
  const Variable master(random_normal({3, 4}, 0.0, 1.0, generator), true);
  const Variable x(random_normal({3, 4}, 0.0, 1.0, generator).to(DType::bf16));
  Tape tape;
  const Variable copy = cast_like(master, x);
  ASSERT_EQ(copy.dtype(), DType::bf16);
  EXPECT_TRUE(same_bits(copy.value(), master.value().to(DType::bf16)));
  tape.backward(copy, x);
  ASSERT_TRUE(master.grad().defined());
  EXPECT_EQ(master.grad().dtype(), DType::f32);
  EXPECT_TRUE(same_bits(master.grad().value(), x.value().to(DType::f32)));
}

TEST(MixedPrecision, OutsideBf16NothingIsConverted) {
  const Variable master(Tensor::zeros({2}), true);
  EXPECT_TRUE(cast_like(master, Variable(Tensor::zeros({2}))).same_as(master));
  EXPECT_TRUE(cast_like(master, Variable(Tensor::zeros({2}, DType::f64))).same_as(master));
  EXPECT_FALSE(cast_like({}, Variable(Tensor::zeros({2}, DType::bf16))).defined());
}

}  // namespace
}  // namespace heddle
