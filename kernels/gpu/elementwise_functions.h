#pragma once

// Functions of one number and their slopes, for the element-wise kernels. The operation is an
// argument: where it is known when compiling, the switch disappears.

#include <cmath>

#include "kernels/elementwise.h"
#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// ln(1 + e^{−|x|}), between 0 and ln 2.
template <typename A>
__device__ __forceinline__ A log1p_exp_of(A x) {
  return counted<1>(std::log1p(exp_of(-std::fabs(x))));
}

/// Φ(x), the distribution function of a standard normal variable. Below −2 the relative error
/// grows as x² units of the last place, since x/√2 is rounded; the absolute error stays below 1.
template <typename A>
__device__ __forceinline__ A normal_below_of(A x) {
  constexpr A root_half = static_cast<A>(0.70710678118654752440);
  return counted<3>(A{0.5} * std::erfc(-x * root_half));
}

template <typename A>
__device__ __forceinline__ A unary_value(UnaryOp op, A x) {
  switch (op) {
    case UnaryOp::negate:
      return -x;
    case UnaryOp::absolute:
      return std::fabs(x);
    case UnaryOp::exp:
      return exp_of(x);
    case UnaryOp::log:
      return log_of(x);
    case UnaryOp::sqrt:
      return sqrt_of(x);
    case UnaryOp::square:
      return counted<1>(x * x);
    case UnaryOp::reciprocal:
      return counted<1>(A{1} / x);
    case UnaryOp::tanh:
      return tanh_of(x);
    case UnaryOp::sigmoid:
      return sigmoid_of(x);
    case UnaryOp::relu:
      return x <= 0 ? A{0} : x;  // keeps NaN
    case UnaryOp::gelu:
      return x < A{-40} ? A{-0.0} : counted<1>(x * normal_below_of(x));  // −∞ · 0 would be NaN
    case UnaryOp::softplus:
      return counted<1>((x > 0 ? x : A{0}) + log1p_exp_of(x));
  }
  return x;
}

/// What the slope is made of.
enum class SlopeOf : std::uint8_t { nothing, x, y };

__host__ __device__ constexpr SlopeOf slope_of(UnaryOp op) {
  switch (op) {
    case UnaryOp::negate:
      return SlopeOf::nothing;
    case UnaryOp::exp:
    case UnaryOp::sqrt:
    case UnaryOp::reciprocal:
    case UnaryOp::tanh:
    case UnaryOp::sigmoid:
      return SlopeOf::y;
    case UnaryOp::absolute:
    case UnaryOp::log:
    case UnaryOp::square:
    case UnaryOp::relu:
    case UnaryOp::gelu:
    case UnaryOp::softplus:
      break;
  }
  return SlopeOf::x;
}

/// dy · f′, from the saved input or output (`slope_of`).
template <typename A>
__device__ __forceinline__ A unary_slope(UnaryOp op, A saved, A dy) {
  constexpr A inverse_root_two_pi = static_cast<A>(0.39894228040143267794);
  switch (op) {
    case UnaryOp::negate:
      return -dy;
    case UnaryOp::absolute:
      return saved > 0   ? dy
             : saved < 0 ? -dy
                         : counted<1>(saved * 0);  // 0 at the kink, NaN where x is
    case UnaryOp::exp:
      return counted<1>(dy * saved);
    case UnaryOp::log:
      return counted<1>(dy / saved);
    case UnaryOp::sqrt:
      return counted<2>(dy / (saved + saved));
    case UnaryOp::square:
      return counted<2>(dy * (saved + saved));
    case UnaryOp::reciprocal:
      return counted<2>(-dy * (saved * saved));
    case UnaryOp::tanh:
      return counted<3>(dy * (A{1} - saved * saved));
    case UnaryOp::sigmoid:
      return counted<3>(dy * (saved * (A{1} - saved)));
    case UnaryOp::relu:
      return saved <= 0 ? A{0} : dy;
    case UnaryOp::gelu: {
      // Φ(x) + x φ(x); at ±40 and beyond 1 or 0, also at ±∞.
      const A x = saved < A{-40} ? A{-40} : saved > A{40} ? A{40} : saved;
      return counted<6>(dy *
                        (normal_below_of(x) + x * inverse_root_two_pi * exp_of(A{-0.5} * (x * x))));
    }
    case UnaryOp::softplus:
      return counted<1>(dy * sigmoid_of(saved));
  }
  return dy;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
