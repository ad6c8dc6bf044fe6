#pragma once

// persistent_cluster_tensor_cores: sizes of its kernels, forward (lstm_cluster_mma.cu) and backward
// (lstm_cluster_mma_backward.cu).

#include "kernels/gpu/lstm_cluster.h"
#include "kernels/gpu/lstm_fragments.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// For H ≤ cluster·units. A block has `units` units (a multiple of 16) and a warp for every eight
/// of them, with `fragments` of R, `kept` of them in registers.
template <typename Factors_, int cluster_, int units_, int kept_>
struct ClusterMmaShape {
  using Factors = Factors_;
  using Mma = typename Factors::Mma;
  using Storage = typename Factors::Storage;
  static constexpr int cluster = cluster_;
  static constexpr int units = units_;
  static constexpr int hidden_most = cluster * units;
  static constexpr int warps = units / 8;
  static constexpr int threads = 32 * warps;
  static constexpr int fragments = 2 * hidden_most / Mma::depth;
  static constexpr int kept = kept_;
  static constexpr int spilled = fragments - kept;
  static constexpr int padding = 16 / static_cast<int>(sizeof(Storage));
};

/// Fragments that registers do not hold.
template <typename Shape>
struct ClusterFragments {
  SharedArray<FragmentWords, Shape::spilled == 0 ? 1 : Shape::warps * Shape::spilled,
              Shape::spilled == 0 ? 1 : 32>
      fragments;
};
/// And h of all units, two buffers.
template <typename Shape>
struct ClusterMmaShared : ClusterFragments<Shape> {
  alignas(16) SharedArray<typename Shape::Storage, 2, cluster_rows,
                          Shape::hidden_most + Shape::padding> vector;
};
/// And dz of the block's units, gate after gate, and what came from each block for them, two
/// buffers.
template <typename Shape>
struct ClusterMmaBackwardShared : ClusterFragments<Shape> {
  alignas(16)
      SharedArray<typename Shape::Storage, cluster_rows, 4 * Shape::units + Shape::padding> dz;
  alignas(16) SharedArray<float, 2, Shape::cluster * Shape::units, cluster_rows> came;
};

/// Calls `body(ClusterMmaShape{})` with the smallest shape that holds `hidden`: bf16 512 at most,
/// tf32 256.
template <typename T, typename Body>
void with_cluster_mma_shape(std::int64_t hidden, const Body& body) {
  if constexpr (std::is_same_v<T, float>) {
    if (hidden <= 64) {
      body(ClusterMmaShape<Tf32Factors, 2, 32, 16>{});
    } else if (hidden <= 128) {
      body(ClusterMmaShape<Tf32Factors, 4, 32, 32>{});
    } else {
      body(ClusterMmaShape<Tf32Factors, 8, 32, 40>{});
    }
  } else {
    if (hidden <= 64) {
      body(ClusterMmaShape<Bf16Factors, 2, 32, 8>{});
    } else if (hidden <= 128) {
      body(ClusterMmaShape<Bf16Factors, 4, 32, 16>{});
    } else if (hidden <= 256) {
      body(ClusterMmaShape<Bf16Factors, 8, 32, 28>{});
    } else if (hidden <= 384) {
      body(ClusterMmaShape<Bf16Factors, 8, 48, 34>{});
    } else {
      body(ClusterMmaShape<Bf16Factors, 8, 64, 36>{});
    }
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
