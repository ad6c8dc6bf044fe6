#include "data/resize.h"

#include <gtest/gtest.h>

#include <vector>

namespace heddle {
namespace {

TEST(Resize, HalvingAveragesFourPixels) {
  const Tensor picture = Tensor::arange(16).to(DType::f32).reshape({1, 1, 4, 4});
  EXPECT_EQ(resize_pictures(picture, 2, 2).to_vector<float>(),
            (std::vector<float>{2.5f, 4.5f, 10.5f, 12.5f}));
}

TEST(Resize, PartsOfPixelsCountByTheirShare) {
  // Three pixels to two: the first takes the first and half of the second.
  const Tensor picture = Tensor::from<float>({0, 3, 9}, {1, 1, 1, 3});
  const auto values = resize_pictures(picture, 1, 2).to_vector<float>();
  EXPECT_FLOAT_EQ(values[0], (0.0f + 0.5f * 3.0f) / 1.5f);
  EXPECT_FLOAT_EQ(values[1], (0.5f * 3.0f + 9.0f) / 1.5f);
}

TEST(Resize, GrowingInterpolatesBetweenMiddles) {
  const Tensor picture = Tensor::from<float>({0, 4}, {1, 1, 2, 1});
  EXPECT_EQ(resize_pictures(picture, 4, 1).to_vector<float>(), (std::vector<float>{0, 1, 3, 4}));
}

TEST(Resize, TheSameSizeAndAConstantStayAsTheyAre) {
  const Tensor picture = Tensor::arange(12).to(DType::f32).reshape({1, 2, 2, 3});
  EXPECT_EQ(resize_pictures(picture, 2, 3).to_vector<float>(), picture.to_vector<float>());
  const Tensor grey = Tensor::full({1, 1, 7, 5}, 0.25);
  for (const float value : resize_pictures(grey, 3, 11).to_vector<float>()) {
    EXPECT_FLOAT_EQ(value, 0.25f);
  }
}

}  // namespace
}  // namespace heddle
