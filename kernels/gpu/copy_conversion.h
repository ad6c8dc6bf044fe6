#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// The rules of core/host_copy.cpp: f → i64 truncates, a NaN gives 0 and values out of range the
/// nearest i64; x → bool is x ≠ 0; bf16 goes through f32.
template <typename To, typename From>
__host__ __device__ __forceinline__ To converted(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (std::is_same_v<From, bf16>) {
    return converted<To>(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, bf16>) {
    return bf16(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>) {
    constexpr From limit = static_cast<From>(0x1.0p63);  // 2⁶³ itself does not fit
    if (value >= limit) {
      return std::numeric_limits<std::int64_t>::max();
    }
    if (value < -limit) {
      return std::numeric_limits<std::int64_t>::min();
    }
    return value == value ? static_cast<std::int64_t>(value) : 0;
  } else {
    return static_cast<To>(value);
  }
}

/// An unsigned type of T's size: copies without conversion move bits, and need not be compiled for
/// each type.
template <typename T>
using Bits = std::conditional_t<
    sizeof(T) == 1, std::uint8_t,
    std::conditional_t<sizeof(T) == 2, std::uint16_t,
                       std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

template <typename T>
Bits<T> bits_of(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? 1 : 0;
  } else {
    return std::bit_cast<Bits<T>>(value);
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
