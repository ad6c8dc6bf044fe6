#pragma once

#include <cstdint>

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

// Element by element: out[i] = f(x[i], …). All views have the same shape; a broadcast input is a
// view expanded by strides of 0, so that nothing is materialised. Any strides; f32 and f64 unless
// said. `out` may be one of the inputs itself (same memory, same strides) but may not overlap it
// otherwise.

enum class UnaryOp : std::uint8_t {
  negate,
  absolute,
  exp,
  log,
  sqrt,
  square,
  reciprocal,
  tanh,
  sigmoid,
  relu,
  gelu,      // x·Φ(x) by the error function, not the tanh approximation
  softplus,  // log(1 + eˣ)
};

enum class BinaryOp : std::uint8_t { add, subtract, multiply, divide, power, minimum, maximum };

enum class CompareOp : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

/// Losses of one prediction and one target, element by element.
enum class PairLoss : std::uint8_t {
  squared,               // (x − t)²
  absolute,              // |x − t|
  binary_cross_entropy,  // −t log σ(x) − (1−t) log(1−σ(x)), from the logit x
};

struct ElementwiseKernels {
  void (*unary)(Stream&, UnaryOp, const ConstView& x, const View& out);

  /// dx = dy · f′, from the saved input x and output y (each may be not given where f′ does not
  /// need it: tanh, sigmoid, exp, sqrt, reciprocal need y only; the others x only). f′ at a kink:
  /// relu′(0) = 0, |·|′(0) = 0.
  void (*unary_backward)(Stream&, UnaryOp, const ConstView& x, const ConstView& y,
                         const ConstView& dy, const View& dx);

  /// f32, f64; add, subtract, multiply, minimum and maximum also i64.
  void (*binary)(Stream&, BinaryOp, const ConstView& a, const ConstView& b, const View& out);

  /// out = alpha·x + beta, rounded once per operation (multiply, then add).
  void (*affine)(Stream&, double alpha, double beta, const ConstView& x, const View& out);

  /// out = a where condition (bool), else b.
  void (*where)(Stream&, const ConstView& condition, const ConstView& a, const ConstView& b,
                const View& out);

  /// out is bool; a and b share any one type.
  void (*compare)(Stream&, CompareOp, const ConstView& a, const ConstView& b, const View& out);

  void (*pair_loss)(Stream&, PairLoss, const ConstView& x, const ConstView& target,
                    const View& out);
  /// dx = dout · ∂loss/∂x.
  void (*pair_loss_backward)(Stream&, PairLoss, const ConstView& x, const ConstView& target,
                             const ConstView& dout, const View& dx);
};

}  // namespace heddle
