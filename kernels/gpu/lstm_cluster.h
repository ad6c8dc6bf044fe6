#pragma once

// persistent_cluster and persistent_cluster_tensor_cores: how a call is shared out over clusters,
// and how h and sums travel between their blocks. Kernels: lstm_cluster.cu,
// lstm_cluster_backward.cu (CUDA cores), lstm_cluster_mma.cu, lstm_cluster_mma_backward.cu.
//
// A cluster of 2, 4 or 8 blocks owns some rows of the batch, of one direction, and never hears of
// the others. Its blocks share out the hidden units, and each keeps the weights of R that meet its
// own on chip. In a step
//   forward   each computes h of its units and stores it in the shared memory of all of them;
//   backward  each computes dz of its units, multiplies it with its rows of R, and stores what that
//             adds to dh of a unit in the shared memory of the unit's owner, who adds up what came
//             in the order of the ranks. (To send dz, four numbers per unit to everyone, would be
//             4 times the bytes in f32, twice in bf16.)
// Both use two buffers in turn, so that one barrier of the cluster ends a step. What a step writes
// to global memory is written after the barrier, which would otherwise wait for it.

#include "kernels/gpu/lstm_on_chip.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// Rows of the batch of one cluster of the version on tensor cores; on CUDA cores 4 or 8.
constexpr int cluster_rows = 8;

/// For H ≤ 32·cluster on CUDA cores, f32. A block of 256 threads has up to 32 units, eight lanes
/// each; all of its 128·hidden_most weights are in registers, hidden_most / 2 in a thread.
template <int cluster_>
struct ClusterShape {
  static constexpr int cluster = cluster_;
  static constexpr int units_most = 32;
  static constexpr int threads = 256;
  static constexpr int lanes = 8;  // of one unit
  static constexpr int hidden_most = units_most * cluster;
  static constexpr int chunks = hidden_most / (4 * lanes);  // quads of a thread, four of each
};

/// Units of one block: as equal as they can be, whole quads.
__host__ __device__ __forceinline__ int cluster_units(std::int64_t hidden, int cluster) {
  return (static_cast<int>(hidden) + 4 * cluster - 1) / (4 * cluster) * 4;
}

/// `lanes` neighbouring lanes hold `count` sums each, of different terms. Adds them up; each lane
/// keeps a part of at least `least`, the first ones in lane 0; where there are more lanes than
/// parts, neighbours have the same one. The terms are added in the same order for any count.
template <int count, int least, int lanes>
__device__ __forceinline__ void spread_sums(float* sums, int lane) {
  if constexpr (lanes > 1) {
    constexpr int bit = lanes / 2;
    if constexpr (count > least) {
      halve_sums<count / 2>(sums, (lane & bit) != 0, bit);
      spread_sums<count / 2, least, bit>(sums, lane);
    } else {
      add_sums<count>(sums, bit);
      spread_sums<count, least, bit>(sums, lane);
    }
  }
}

/// One warp stores `vectors` pieces of 16 bytes of each row, which it has written to this block's
/// shared memory, in all other blocks. `address(row, v)`: where piece v of the row stands.
template <int cluster, int rows, int vectors, typename Address>
__device__ __forceinline__ void push_to_peers(int lane, int rank, const Address& address) {
  constexpr int pieces = rows * vectors;
  sync_warp();
  HEDDLE_UNROLL
  for (int i = 0; i < cluster * pieces; i += 32) {
    const int peer = (i + lane) / pieces;
    const int piece = (i + lane) % pieces;
    if (peer < cluster && peer != rank) {
      auto* const from = address(piece % rows, piece / rows);
      using T = std::remove_pointer_t<decltype(from)>;
      store_peer(peer, from, load_shared<widest<T>>(from));
    }
  }
}

/// Calls `body(ClusterShape{})` with the smallest shape that holds `hidden`, 256 at most.
template <typename Body>
void with_cluster_shape(std::int64_t hidden, const Body& body) {
  if (hidden <= 64) {
    body(ClusterShape<2>{});
  } else if (hidden <= 128) {
    body(ClusterShape<4>{});
  } else {
    body(ClusterShape<8>{});
  }
}

/// Calls `body(rows)`: four rows where they are enough for the batch, or the multiprocessors then
/// still hold all clusters at once, else eight. The bits are the same.
template <typename Body>
void with_cluster_rows(const Stream& stream, int cluster, std::int64_t batch,
                       std::int64_t directions, const Body& body) {
  if (batch <= 4 || cluster * directions * ((batch + 3) / 4) <= limits_of(stream).multiprocessors) {
    body(std::integral_constant<int, 4>{});
  } else {
    body(std::integral_constant<int, 8>{});
  }
}

template <typename Call, typename Kernel>
void launch_clusters(Stream& stream, const char* name, const Call& call, int cluster, int rows,
                     int threads, std::size_t shared_bytes, Kernel kernel) {
  launch(kernel,
         Launch{.kernel = name,
                .stream = stream,
                .grid = dim3(static_cast<unsigned>(cluster) * blocks_for(call.batch, rows),
                             static_cast<unsigned>(call.directions)),
                .block = dim3(static_cast<unsigned>(threads)),
                .shared_bytes = shared_bytes,
                .cluster = cluster},
         call);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
