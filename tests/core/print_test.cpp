#include <gtest/gtest.h>

#include <cmath>

#include "core/tensor.h"

namespace heddle {
namespace {

TEST(Print, Matrix) {
  EXPECT_EQ(to_string(Tensor::from<float>({1, -2.5, 100, 0.125}, {2, 2})),
            "[[    1,  -2.5],\n"
            " [  100, 0.125]] f32 [2, 2]");
}

TEST(Print, ScalarsAndEmptyOnes) {
  EXPECT_EQ(to_string(Tensor::scalar(2.5)), "2.5 f32 []");
  EXPECT_EQ(to_string(Tensor::zeros({0})), "[] f32 [0]");
  EXPECT_EQ(to_string(Tensor::zeros({2, 0}, DType::i64)), "[[],\n []] i64 [2, 0]");
  EXPECT_EQ(to_string(Tensor()), "undefined tensor");
}

TEST(Print, LongDimensionsAreShortened) {
  EXPECT_EQ(to_string(Tensor::arange(100), 2), "[ 0,  1, ..., 98, 99] i64 [100]");
  EXPECT_EQ(to_string(Tensor::arange(4), 2), "[0, 1, 2, 3] i64 [4]");
  EXPECT_EQ(to_string(Tensor::arange(30).reshape({10, 3}), 1),
            "[[ 0, ...,  2],\n"
            " ...,\n"
            " [27, ..., 29]] i64 [10, 3]");
}

TEST(Print, HigherRanksArePartedByLines) {
  EXPECT_EQ(to_string(Tensor::arange(4).reshape({2, 1, 2})),
            "[[[0, 1]],\n\n"
            " [[2, 3]]] i64 [2, 1, 2]");
}

TEST(Print, EveryKindOfValue) {
  EXPECT_EQ(to_string(Tensor::from<bool>({true, false}, {2})), "[ true, false] bool [2]");
  EXPECT_EQ(to_string(Tensor::from<double>({NAN, -INFINITY, 1e-7, 1.0 / 3.0}, {4})),
            "[     nan,     -inf,    1e-07, 0.333333] f64 [4]");
  EXPECT_EQ(to_string(Tensor::scalar(1.0, DType::f32, {Backend::sim, 0})), "1 f32 [] on sim");
}

TEST(Print, ReadsStrides) {
  EXPECT_EQ(to_string(Tensor::arange(4).reshape({2, 2}).transpose(0, 1)),
            "[[0, 2],\n"
            " [1, 3]] i64 [2, 2]");
}

}  // namespace
}  // namespace heddle
