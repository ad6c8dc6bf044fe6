#pragma once

#include <bit>
#include <cstdint>

#if defined(__CUDACC__)
#define HEDDLE_HOST_DEVICE __host__ __device__
#else
#define HEDDLE_HOST_DEVICE
#endif

namespace heddle {

/// The upper half of a float: 8 bits of exponent, 8 of significand. A storage type: numbers are
/// computed with as floats and rounded to nearest even when stored. NaN stays NaN.
// NOLINTNEXTLINE(readability-identifier-naming): called as float and double are
struct bf16 {
  std::uint16_t bits;

  bf16() = default;
  HEDDLE_HOST_DEVICE explicit constexpr bf16(float value) : bits(rounded(value)) {}
  HEDDLE_HOST_DEVICE static constexpr bf16 from_bits(std::uint16_t bits) {
    bf16 result(0.0f);
    result.bits = bits;
    return result;
  }
  HEDDLE_HOST_DEVICE constexpr operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }

 private:
  HEDDLE_HOST_DEVICE static constexpr std::uint16_t rounded(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    if ((word & 0x7FFFFFFFu) > 0x7F800000u) {
      return static_cast<std::uint16_t>((word >> 16) | 0x40u);  // a quiet NaN of the same sign
    }
    return static_cast<std::uint16_t>((word + 0x7FFFu + ((word >> 16) & 1u)) >> 16);
  }
};

}  // namespace heddle
