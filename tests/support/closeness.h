#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/tensor.h"

namespace heddle {

/// Same shape, and |found − expected| ≤ tolerance · max(1, |expected|) everywhere; NaN equals NaN,
/// an infinity itself. Types may differ.
inline ::testing::AssertionResult close(const Tensor& found, const Tensor& expected,
                                        double tolerance) {
  if (found.shape() != expected.shape()) {
    return ::testing::AssertionFailure()
           << "shape is " << found.shape() << ", expected " << expected.shape();
  }
  const std::vector<double> left = found.to(Device{}).to_vector<double>();
  const std::vector<double> right = expected.to(Device{}).to_vector<double>();
  for (std::size_t i = 0; i < left.size(); ++i) {
    const bool same = left[i] == right[i] || (std::isnan(left[i]) && std::isnan(right[i]));
    const double error = std::abs(left[i] - right[i]) / std::max(1.0, std::abs(right[i]));
    if (!same && !(error <= tolerance)) {
      return ::testing::AssertionFailure()
             << "element " << i << " of " << found.shape() << " is " << left[i] << ", expected "
             << right[i] << " (relative error " << error << ")";
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace heddle
