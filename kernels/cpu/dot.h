#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace heddle::cpu {

/// Σ term(i) for i < count as sixteen interleaved sums, which the compiler keeps in vector
/// registers, and then a fixed tree over them.
template <typename T, typename Term>
T interleaved_sum(std::int64_t count, const Term& term) {
  constexpr std::int64_t lanes = 16;
  std::array<T, lanes> sums{};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      sums[static_cast<std::size_t>(lane)] += term(i + lane);
    }
  }
  for (std::int64_t lane = 0; i + lane < count; ++lane) {
    sums[static_cast<std::size_t>(lane)] += term(i + lane);
  }
  for (std::size_t half = lanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      sums[lane] += sums[lane + half];
    }
  }
  return sums[0];
}

template <typename T>
T dot(const T* a, const T* b, std::int64_t count) {
  return interleaved_sum<T>(count, [&](std::int64_t i) { return a[i] * b[i]; });
}

template <typename T>
T sum(const T* a, std::int64_t count) {
  return interleaved_sum<T>(count, [&](std::int64_t i) { return a[i]; });
}

/// Largest of a[0 … count), −∞ where there is none; a NaN may be passed over.
template <typename T>
T largest(const T* a, std::int64_t count) {
  constexpr std::int64_t lanes = 16;
  std::array<T, lanes> best;
  best.fill(-std::numeric_limits<T>::infinity());
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      T& so_far = best[static_cast<std::size_t>(lane)];
      so_far = a[i + lane] > so_far ? a[i + lane] : so_far;
    }
  }
  for (std::int64_t lane = 0; i + lane < count; ++lane) {
    T& so_far = best[static_cast<std::size_t>(lane)];
    so_far = a[i + lane] > so_far ? a[i + lane] : so_far;
  }
  return *std::max_element(best.begin(), best.end());
}

}  // namespace heddle::cpu
