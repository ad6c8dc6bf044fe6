#pragma once

#include <cstdint>

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// Which words of which random stream a kernel draws (core/random.h): element i takes word first +
/// i, or *counter + first + i where a counter is given.
struct RandomSpan {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::uint64_t first = 0;
  /// One number in memory of the kernel's device, read when the kernel runs: a captured step that
  /// is replayed draws other words once the host has moved it. Null: 0.
  const std::uint64_t* counter = nullptr;
};

/// y = x / (1 − p) where the element's uniform number is ≥ p, else 0. The mask is drawn from
/// counters and never stored: backward is the same call on dy. Contiguous, f32 or f64; y may be x.
/// 0 ≤ p < 1. Srivastava et al., JMLR 2014.
struct DropoutKernels {
  void (*apply)(Stream&, double p, const RandomSpan&, const ConstView& x, const View& y);
};

}  // namespace heddle
