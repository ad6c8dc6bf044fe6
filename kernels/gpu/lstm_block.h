#pragma once

// persistent_block: sizes of its kernels, forward (lstm_persistent.cu) and backward
// (lstm_persistent_backward.cu).

#include <algorithm>

#include "kernels/gpu/lstm_on_chip.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// A block of 4·hidden_most threads, each with hidden_most / 4 quads of R: `kept` of every four
/// gates or units in registers, the rest in shared memory.
template <typename T, int hidden_most_, int kept_>
struct BlockShape {
  using Storage = T;
  static constexpr int hidden_most = hidden_most_;
  static constexpr int threads = 4 * hidden_most;
  static constexpr int chunks = hidden_most / 16;  // of four quads
  static constexpr int kept = kept_;
  static constexpr int spilled = chunks - kept;
  /// Whether W x of a step is fetched one step ahead. Where much of R comes from shared memory the
  /// product is long enough to hide the wait, and registers are scarce.
  static constexpr bool reads_ahead = spilled < kept;
};

/// `vector`: h [hidden_most] forward, dz [4·hidden_most] backward; two buffers, so that one barrier
/// per step is enough.
template <typename Shape, int rows, int width>
struct BlockShared {
  SharedArray<WeightQuad<typename Shape::Storage>, Shape::spilled == 0 ? 1 : 4 * Shape::spilled,
              Shape::spilled == 0 ? 1 : Shape::threads>
      weights;
  alignas(16) SharedArray<float, 2, rows, width> vector;
};

/// Calls `body(BlockShape{}, rows)` with the smallest shape that holds `hidden`.
/// f32: H ≤ 128, 256 KB of R, three eighths of it in registers. bf16: H ≤ 192.
template <typename T, typename Body>
void with_block_shape(std::int64_t hidden, const Body& body) {
  if constexpr (std::is_same_v<T, float>) {
    if (hidden <= 32) {
      body(BlockShape<float, 32, 2>{});
    } else if (hidden <= 64) {
      body(BlockShape<float, 64, 4>{});
    } else {
      body(BlockShape<float, 128, 3>{});
    }
  } else {
    if (hidden <= 64) {
      body(BlockShape<bf16, 64, 4>{});
    } else if (hidden <= 128) {
      body(BlockShape<bf16, 128, 4>{});
    } else {
      body(BlockShape<bf16, 192, 4>{});
    }
  }
}

/// Rows of one block: as few as keep all multiprocessors busy. The sums of a row have the same
/// order for any.
template <typename Body>
void with_block_rows(const Stream& stream, std::int64_t batch, std::int64_t directions,
                     const Body& body) {
  const std::int64_t wanted = batch * directions;
  const std::int64_t blocks = limits_of(stream).multiprocessors;
  if (wanted <= blocks) {
    body(std::integral_constant<int, 1>{});
  } else if (wanted <= 2 * blocks) {
    body(std::integral_constant<int, 2>{});
  } else {
    body(std::integral_constant<int, 4>{});
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
