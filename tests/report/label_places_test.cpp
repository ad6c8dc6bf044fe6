#include "report/label_places.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace heddle::report {
namespace {

// Twelve points within a few pixels: every label finds a place of its own, inside the drawing.
TEST(LabelPlaces, CoverNothing) {
  std::vector<double> x, y;
  for (int i = 0; i < 12; ++i) {
    x.push_back(200.0 + i % 2);
    y.push_back(150.0 + 4.0 * i);
  }
  const std::vector<double> widths(12, 15.0);
  const Box inside{0, 0, 400, 300};
  const std::vector<PlacedLabel> labels = place_labels(x, y, widths, 12.0, inside, {});
  ASSERT_EQ(labels.size(), 12u);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_GE(labels[i].x - 7.5, 0.0);
    EXPECT_LE(labels[i].y + 6.0, 300.0);
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_TRUE(std::abs(labels[i].x - labels[j].x) >= 15.0 - 1e-9 ||
                  std::abs(labels[i].y - labels[j].y) >= 12.0 - 1e-9)
          << i << " covers " << j;
    }
  }
  EXPECT_TRUE(std::any_of(labels.begin(), labels.end(), [](const PlacedLabel& label) {
    return label.far;
  })) << "so many do not all fit beside their points";
}

TEST(LabelPlaces, StayInside) {
  const std::vector<PlacedLabel> labels =
      place_labels({0.0, 100.0}, {0.0, 50.0}, {20.0, 20.0}, 12.0, {0, 0, 100, 50}, {});
  EXPECT_GE(labels[0].x, 10.0);
  EXPECT_GE(labels[0].y, 6.0);
  EXPECT_LE(labels[1].x, 90.0);
  EXPECT_LE(labels[1].y, 44.0);
}

}  // namespace
}  // namespace heddle::report
