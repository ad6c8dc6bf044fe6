#pragma once

#include <cstdint>

#include "core/stream.h"
#include "core/view.h"
#include "kernels/elementwise.h"

namespace heddle {

/// What follows a sum with a bias; the functions of the same name in UnaryOp.
enum class Activation : std::uint8_t { relu, gelu, sigmoid, tanh };

constexpr UnaryOp unary_of(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return UnaryOp::relu;
    case Activation::gelu:
      return UnaryOp::gelu;
    case Activation::sigmoid:
      return UnaryOp::sigmoid;
    case Activation::tanh:
      break;
  }
  return UnaryOp::tanh;
}

/// Whether the slope is computed from z = x + bias; otherwise from y.
constexpr bool slope_needs_input(Activation activation) { return activation == Activation::gelu; }

/// y[o, c, i] = a(z[o, c, i]), z = x + bias[c]
///   x, y [outer, channels, inner], bias [channels]: inner = 1 is a bias along the last dimension
///   (behind a linear layer), inner = rows · cols one along the channels of pictures (behind a
///   convolution).
/// Contiguous, f32 or f64; outputs overlap no input. GPU: also bf16, z in f32.
/// Saved for backward: y, which whoever comes next holds anyway, for relu, sigmoid and tanh; x and
/// bias for gelu, whose z is added up again: one write less than saving z, and no more memory.
struct BiasActivationKernels {
  void (*forward)(Stream&, Activation, const ConstView& x, const ConstView& bias, const View& y);
  /// dx = dy · a′(z) and dbias[c] = Σ dx over outer and inner, in one pass. x and bias may be not
  /// given where the slope needs y alone, y where it does not (`slope_needs_input`); dx and dbias
  /// where they are not wanted.
  void (*backward)(Stream&, Activation, const ConstView& x, const ConstView& bias,
                   const ConstView& y, const ConstView& dy, const View& dx, const View& dbias);
};

}  // namespace heddle
