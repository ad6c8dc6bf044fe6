#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "core/random.h"
#include "core/tensor.h"
#include "kernels/kernels.h"

// What the tests of the larger CPU kernels share: sample tensors, references in plain double
// arithmetic, numeric gradients, and the same bits for any number of threads.

namespace heddle::testing {

inline const Kernels& cpu_kernels() { return kernels_for(Device{}); }
inline Stream& cpu_stream() { return current_stream(Device{}); }

/// Numbers in [−1, 1], the same for the same seed in both types.
inline Tensor sample(const Shape& shape, DType dtype, std::uint64_t seed) {
  Generator generator(seed);
  return random_uniform(shape, -1.0, 1.0, generator, DType::f32).to(dtype);
}

/// Not a number everywhere, so that an element that was not written shows.
inline Tensor unwritten(const Shape& shape, DType dtype) {
  return Tensor::full(shape, std::numeric_limits<double>::quiet_NaN(), dtype);
}

inline Tensor lengths_tensor(const std::vector<std::int64_t>& lengths) {
  return Tensor::from<std::int64_t>(lengths, {static_cast<std::int64_t>(lengths.size())});
}

/// |got − expected| ≤ tolerance · (1 + |expected|) everywhere.
inline void expect_near(const Tensor& got, const std::vector<double>& expected, double tolerance,
                        const std::string& what) {
  const std::vector<double> values = got.to_vector<double>();
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(std::abs(values[i] - expected[i]) <= tolerance * (1.0 + std::abs(expected[i])))) {
      ADD_FAILURE() << what << ": element " << i << " of " << to_string(got.shape()) << " is "
                    << values[i] << ", expected " << expected[i];
      return;
    }
  }
}

inline double tolerance_of(DType dtype) { return dtype == DType::f64 ? 1e-12 : 2e-5; }

/// Σ weights[i]·values[i]: a scalar loss whose gradient is `weights`.
inline double weighted_sum(const Tensor& values, const Tensor& weights) {
  const std::vector<double> left = values.to_vector<double>();
  const std::vector<double> right = weights.to_vector<double>();
  double sum = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    sum += left[i] * right[i];
  }
  return sum;
}

/// Central differences of `loss`, which reads `input` (f64), against `gradient`.
inline void expect_gradient(Tensor input, const Tensor& gradient,
                            const std::function<double()>& loss, const std::string& what) {
  ASSERT_EQ(input.dtype(), DType::f64);
  constexpr double step = 1e-5;
  std::vector<double> expected;
  double* const values = input.mutable_data<double>();
  for (std::int64_t i = 0; i < input.elements(); ++i) {
    const double before = values[i];
    values[i] = before + step;
    const double above = loss();
    values[i] = before - step;
    const double below = loss();
    values[i] = before;
    expected.push_back((above - below) / (2 * step));
  }
  expect_near(gradient, expected, 1e-7, "gradient of " + what);
}

/// Runs `results` with 1, 2, 3 and 4 threads and compares all tensors bit by bit.
inline void expect_same_bits_for_any_threads(const std::function<std::vector<Tensor>()>& results) {
  const int before = thread_count();
  set_thread_count(1);
  const std::vector<Tensor> expected = results();
  for (int threads = 2; threads <= 4; ++threads) {
    set_thread_count(threads);
    const std::vector<Tensor> got = results();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(same_bits(got[i], expected[i]))
          << "tensor " << i << ", " << threads << " threads";
    }
  }
  set_thread_count(before);
}

}  // namespace heddle::testing
