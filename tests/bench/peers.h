#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "bench/peers/cuda/peer.h"
#include "core/error.h"
#include "core/random.h"
#include "core/stream.h"
#include "kernels/kernels.h"

// What the tests of opponents share.

namespace heddle::bench {

constexpr Device gpu{Backend::cuda, 0};

inline cudaStream_t gpu_stream() { return static_cast<cudaStream_t>(current_stream(gpu).native); }

/// Normal numbers times scale, on the host.
inline Tensor normal(const Shape& shape, std::uint64_t seed, double scale = 1.0) {
  Generator generator(seed);
  return random_normal(shape, 0.0, scale, generator);
}

/// The largest difference over the largest number of `ours`; infinite where a number is none.
inline double relative_error(const Tensor& theirs, const Tensor& ours) {
  const std::vector<double> left = theirs.to_vector<double>();
  const std::vector<double> right = ours.to(Device{}).to_vector<double>();
  if (left.size() != right.size()) {
    return std::numeric_limits<double>::infinity();
  }
  double largest = 0.0;
  double difference = 0.0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!std::isfinite(left[i])) {
      return std::numeric_limits<double>::infinity();
    }
    largest = std::max(largest, std::abs(right[i]));
    difference = std::max(difference, std::abs(left[i] - right[i]));
  }
  return largest > 0.0 ? difference / largest : difference;
}

inline double tolerance(PeerMath math) {
  switch (math) {
    case PeerMath::f32:
      return 2e-5;
    case PeerMath::tf32:
      return 5e-3;
    case PeerMath::f16:
      return 1e-2;
    case PeerMath::bf16:
      break;
  }
  return 5e-2;
}

constexpr PeerMath all_maths[] = {PeerMath::f32, PeerMath::tf32, PeerMath::bf16, PeerMath::f16};

/// Runs the opponent once, forward and backward, and holds the results that ours has too to ours.
inline void expect_same(CudaPeer& peer, bool has_backward, PeerMath math,
                        const std::map<std::string, Tensor>& ours) {
  peer.poison();
  peer.forward();
  if (has_backward) {
    peer.backward();
  }
  const std::map<std::string, Tensor> theirs = peer.results();
  for (const auto& [name, tensor] : ours) {
    ASSERT_TRUE(theirs.contains(name)) << name;
    EXPECT_LE(relative_error(theirs.at(name), tensor), tolerance(math))
        << name << ", " << peer.note();
  }
}

using Maker = std::function<std::unique_ptr<CudaPeer>()>;

/// The opponent, or null where the library refuses, with its reason on the test's output.
inline std::unique_ptr<CudaPeer> made_or_refused(const std::string& what, const Maker& make) {
  try {
    return make();
  } catch (const Unavailable& error) {
    std::cout << what << ": " << error.what() << '\n';
    return nullptr;
  }
}

/// Where there is no GPU, that the opponent says so, with the words that `heddle doctor` has.
inline void expect_says_why(const Maker& make) {
  const std::string why = why_unavailable(gpu);
  if (why.empty()) {
    GTEST_SKIP() << "there is a GPU";
  }
  try {
    make();
    FAIL() << "made without a GPU";
  } catch (const Unavailable& error) {
    EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
  }
}

/// Skips a test that compares values where there is no GPU.
#define HEDDLE_NEEDS_GPU()                                        \
  if (const std::string why = why_unavailable(gpu); !why.empty()) \
  GTEST_SKIP() << "not measured: " << why

}  // namespace heddle::bench
