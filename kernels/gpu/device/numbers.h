#pragma once

// Numbers in kernels: the type sums are kept in, and the words that compute. Elementary functions
// come in two kinds: the plain names are CUDA's library functions (1 to 2 ulp); the fast ones are
// for tf32 and bf16 alone.

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/bf16.h"
#include "kernels/gpu/device/backend.h"
#if !defined(__CUDACC__)
#include "kernels/gpu/sim/memory_access.h"
#endif

namespace heddle::kernels::HEDDLE_BACKEND {

/// What numbers of storage type T are computed in.
template <typename T>
using accumulate_t = std::conditional_t<std::is_same_v<T, double>, double, float>;

template <typename T>
__device__ __forceinline__ accumulate_t<T> widen(T value) {
  return static_cast<accumulate_t<T>>(value);
}
/// Rounds to the storage type.
template <typename T>
__device__ __forceinline__ T narrow(accumulate_t<T> value) {
  return static_cast<T>(value);
}

// Words that compute. Under sim each tells a recorder how many floating-point operations it stands
// for (an elementary function and a division are one), so that a profile can group them by line.
// What no such word does, + − · / as the language has them, stands within `counted`;
// tests/lint/check_operations.py finds what was forgotten. Comparisons, the larger of two, signs
// and conversions are no operations.

#if defined(__CUDACC__)
#define HEDDLE_OPERATIONS(count)
#else
#define HEDDLE_OPERATIONS(count) ::heddle::sim::record_operations(count, place)
#endif

/// `value` itself: `operations` are the + − · / on floating-point numbers in its parentheses, an
/// assignment's among them, as in counted<2>(sum += x * y); those of other words are not. Whole
/// numbers are not counted. Under cuda it computes nothing.
template <int operations, typename A>
__device__ __forceinline__ A counted(A value HEDDLE_PLACE) {
  static_assert(std::is_arithmetic_v<A>);
  if constexpr (std::is_floating_point_v<A>) {
    HEDDLE_OPERATIONS(operations);
  }
  return value;
}

/// x · y + sum, rounded once, in both builds: so a version of class f32 has the same bits under sim
/// and cuda (but for subnormal numbers, which the host flushes to zero). 2 operations.
template <typename A>
__device__ __forceinline__ A multiply_add(A x, A y, A sum HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(2);
  return std::fma(x, y, sum);
}

/// a · b rounded by itself: nvcc does not make one rounding of it and a following addition.
__device__ __forceinline__ float product_of(float a, float b HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(1);
#if defined(__CUDA_ARCH__)
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}
__device__ __forceinline__ double product_of(double a, double b HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(1);
#if defined(__CUDA_ARCH__)
  return __dmul_rn(a, b);
#else
  return a * b;
#endif
}

template <typename A>
__device__ __forceinline__ A exp_of(A x HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(1);
  return std::exp(x);
}
template <typename A>
__device__ __forceinline__ A log_of(A x HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(1);
  return std::log(x);
}
template <typename A>
__device__ __forceinline__ A sqrt_of(A x HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(1);
  return std::sqrt(x);
}
template <typename A>
__device__ __forceinline__ A tanh_of(A x HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(1);
  return std::tanh(x);
}
/// 3 operations.
template <typename A>
__device__ __forceinline__ A sigmoid_of(A x HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(3);
  return A{1} / (A{1} + std::exp(-x));
}

template <typename A>
__device__ __forceinline__ constexpr A infinity_of() {
  return std::numeric_limits<A>::infinity();
}

/// `word`, of which the compiler is to assume nothing: what a loop computes from it stays in the
/// loop, where it would otherwise be computed once before it and fill registers.
template <typename Word>
__device__ __forceinline__ Word opaque(Word word) {
  static_assert(std::is_integral_v<Word> && sizeof(Word) == 4);
#if defined(__CUDACC__)
  asm volatile("" : "+r"(word));
#endif
  return word;
}

/// Absolute error below 2⁻²¹ of the result near 1 (ex2.approx).
__device__ __forceinline__ float fast_exp(float x HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(1);
#if defined(__CUDACC__)
  return __expf(x);
#else
  return std::exp(x);
#endif
}
/// Relative error up to 1.1e-5 (tanh.approx; 134 ulp).
__device__ __forceinline__ float fast_tanh(float x HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(1);
#if defined(__CUDACC__) && __CUDA_ARCH__ >= 750
  float y;
  asm("tanh.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#else
  return std::tanh(x);
#endif
}
/// 4 operations.
__device__ __forceinline__ float fast_sigmoid(float x HEDDLE_PLACE) {
  HEDDLE_OPERATIONS(3);
  return 0.5f + 0.5f * fast_tanh(0.5f * x HEDDLE_GIVE_PLACE);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
