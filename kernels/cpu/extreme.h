#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

#include "kernels/cpu/tree_sum.h"

namespace heddle::cpu {

/// The larger of two values; NaN if either is.
struct Largest {
  template <typename T>
  static T start() {
    return -std::numeric_limits<T>::infinity();
  }
  /// Values or registers of them.
  template <typename V>
  static V of(V a, V b) {
    const V larger = b <= a ? a : b;
    return a != a ? a : larger;
  }
};

/// The larger of two values in one instruction; whether NaN is kept is left open.
struct LargestOrNaN {
  template <typename T>
  static T start() {
    return -std::numeric_limits<T>::infinity();
  }
  template <typename V>
  static V of(V a, V b) {
    return a > b ? a : b;
  }
};

/// The smaller of two values; NaN if either is.
struct Smallest {
  template <typename T>
  static T start() {
    return std::numeric_limits<T>::infinity();
  }
  template <typename V>
  static V of(V a, V b) {
    const V smaller = b >= a ? a : b;
    return a != a ? a : smaller;
  }
};

/// The smaller of two values; NaN only if both are.
struct SmallestNumber {
  template <typename T>
  static T start() {
    return std::numeric_limits<T>::infinity();
  }
  template <typename V>
  static V of(V a, V b) {
    const V smaller = b < a ? b : a;
    return a != a ? b : smaller;
  }
};

/// The extreme of the elements of one register.
template <typename Kind, typename T>
T extreme_of_register(Register<T> v) {
  if constexpr (sizeof(T) == 4) {
    v = Kind::of(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3));
    v = Kind::of(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5));
    v = Kind::of(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6));
  } else {
    v = Kind::of(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));
    v = Kind::of(v, __builtin_shufflevector(v, v, 1, 0, 3, 2));
  }
  return v[0];
}

/// The extreme of `count` neighbouring values; Kind::start() where there are none.
template <typename Kind, typename T>
T dense_extreme(const T* values, std::int64_t count) {
  constexpr std::int64_t width = 32 / static_cast<std::int64_t>(sizeof(T));
  constexpr std::int64_t registers = 4;
  T result = Kind::template start<T>();
  std::int64_t i = 0;
  if (count >= width) {
    Register<T> first;
    std::memcpy(&first, values, 32);
    Register<T> lanes[registers] = {first, first, first, first};
    for (; i + registers * width <= count; i += registers * width) {
#pragma GCC unroll 4
      for (std::int64_t k = 0; k < registers; ++k) {
        Register<T> more;
        std::memcpy(&more, values + i + k * width, 32);
        lanes[k] = Kind::of(lanes[k], more);
      }
    }
    for (; i + width <= count; i += width) {
      Register<T> more;
      std::memcpy(&more, values + i, 32);
      lanes[0] = Kind::of(lanes[0], more);
    }
    lanes[0] = Kind::of(Kind::of(lanes[0], lanes[1]), Kind::of(lanes[2], lanes[3]));
    result = extreme_of_register<Kind, T>(lanes[0]);
  }
  for (; i < count; ++i) {
    result = Kind::of(result, values[i]);
  }
  return result;
}

}  // namespace heddle::cpu
