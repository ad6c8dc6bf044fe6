// LSTM, persistent_cluster_tensor_cores, forward: the plan of lstm_cluster.h with the products of
// lstm_mma.cu: zᵀ [4·units, 8] = R [4·units, H] · hᵀ [H, 8] in each block, R in fragments that a
// warp keeps, eight rows of the batch as the narrow side.
//
// A warp owns eight units in two tiles, gates i and f, gates g and o, so that a lane's sums are all
// four gates of one unit for two rows. Each tile has two sums, of alternate steps along k: four
// chains of products that do not wait for each other.
//
// Classes bf16 (bf16 tensors) and tf32 (f32 tensors), fast gate functions; sums and c are f32.
// Backward: lstm_cluster_mma_backward.cu.

#include "kernels/gpu/lstm_cluster_mma.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

constexpr int rows = cluster_rows;

/// grid (cluster·⌈B / 8⌉, D), block 4·units; shared: fragments that registers do not hold (bf16 H =
/// 512: 112 KB), two buffers of h.
/// Reads R once; per step and row 4H of W x, writes 4H gates, H of c and h; H/cluster factors of
/// each row go to each peer.
/// Gains over persistent_cluster: 16·16·8 multiplications an instruction. Gains over
/// persistent_tensor_cores: H ≤ 512 in bf16 and 256 in tf32. Loses: a barrier of the cluster per
/// step. Larger H, other types and devices without clusters go to persistent_grid.
template <typename Shape>
__global__ void __launch_bounds__(Shape::threads, 1)
    cluster_tensor_cores(LstmForward<typename Shape::Storage> call) {
  using T = typename Shape::Storage;
  using Factors = typename Shape::Factors;
  using Mma = typename Shape::Mma;
  auto& shared = shared_memory<ClusterMmaShared<Shape>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int warp = thread / 32;
  const int lane = thread % 32;
  const int rank = cluster_rank();
  const int direction = static_cast<int>(blockIdx.y);
  const int first = static_cast<int>(blockIdx.x) / Shape::cluster * rows;
  const int longest = longest_of<rows>(call, first);
  const int hidden = static_cast<int>(call.hidden);
  const int first_unit = rank * Shape::units + warp * 8;  // of the warp

  const Matrix<const T> weights = call.weight_hidden.matrix(direction);
  WarpWeights<Shape> of_warp;
  of_warp.load(shared, warp, lane, [&](int f) {
    return Factors::fragment(lane, [&](int row, int col) {
      const int gate = f % 2 * 2 + row / 8;
      const int unit = first_unit + row % 8;
      const int k = f / 2 * Mma::depth + col;
      return unit < hidden && k < hidden ? weights(gate * hidden + unit, k) : T(0.0f);
    });
  });
  for (int at = thread; at < rows * Shape::hidden_most; at += Shape::threads) {
    const int row = at / Shape::hidden_most;
    const int k = at % Shape::hidden_most;
    const bool given = first + row < call.batch && k < hidden;
    shared.vector(0, row, k) =
        Factors::factor(given ? initial(call.h0, direction, first + row, k) : 0.0f);
    shared.vector(1, row, k) = T(0.0f);
  }

  // This lane's unit and two rows.
  const int unit = first_unit + lane / 4;
  const int mine = lane % 4 * 2;
  int length[2];
  bool real[2];
  float c[2];
  T h[2];
  FourGates<float> next[2] = {};
  HEDDLE_UNROLL
  for (int e = 0; e < 2; ++e) {
    const int row = first + mine + e;
    real[e] = unit < hidden && row < call.batch;
    length[e] = real[e] ? static_cast<int>(call.lengths[row]) : 0;
    c[e] = real[e] ? initial(call.c0, direction, row, unit) : 0.0f;
    h[e] = narrow<T>(real[e] ? initial(call.h0, direction, row, unit) : 0.0f);
    if (length[e] > 0) {
      next[e] = input_part(call, direction, time_of(direction, length[e], 0), row, unit);
    }
  }
  sync_cluster();

  for (int step = 0; step < longest; ++step) {
    const int now = step % 2;
    MmaSum sums[4] = {};  // of the two tiles, even and odd steps along k; W x + b begins the even
    HEDDLE_UNROLL
    for (int e = 0; e < 2; ++e) {
      HEDDLE_UNROLL
      for (int gate = 0; gate < 4; ++gate) {
        sums[gate / 2].element[gate % 2 * 2 + e] = next[e][gate];
      }
      if (step + 1 < length[e]) {  // on its way while this step is computed
        next[e] = input_part(call, direction, time_of(direction, length[e], step + 1),
                             first + mine + e, unit);
      }
    }
    HEDDLE_UNROLL
    for (int f = 0; f < Shape::fragments; f += 4) {
      std::uint32_t words[4];  // of two steps along k
      load_tiles(words, shared.vector.address(now, lane % 8,
                                              f / 2 * Mma::depth + lane / 8 * (Mma::depth / 2)));
      HEDDLE_UNROLL
      for (int i = 0; i < 4; ++i) {
        const typename Mma::B b{{words[i / 2 * 2], words[i / 2 * 2 + 1]}};
        mma(sums[i], of_warp.get(shared, warp, lane, f + i), b);
      }
    }
    CellStep<float> cell[2] = {};
    HEDDLE_UNROLL
    for (int e = 0; e < 2; ++e) {
      if (step < length[e]) {
        FourGates<float> z;
        HEDDLE_UNROLL
        for (int gate = 0; gate < 4; ++gate) {
          const int element = gate % 2 * 2 + e;
          z[gate] =
              counted<1>(sums[gate / 2].element[element] + sums[2 + gate / 2].element[element]);
        }
        cell[e] = cell_step<true>(z, c[e]);
        c[e] = cell[e].c;
        h[e] = narrow<T>(cell[e].h);
      }
      shared.vector(1 - now, mine + e, unit) = Factors::factor(widen<T>(h[e]));
    }
    constexpr int vectors = 8 / widest<T>;  // of the warp's units
    push_to_peers<Shape::cluster, rows, vectors>(lane, rank, [&](int row, int v) {
      return shared.vector.address(1 - now, row, first_unit + v * widest<T>);
    });
    sync_cluster();
    HEDDLE_UNROLL
    for (int e = 0; e < 2; ++e) {
      if (step < length[e]) {
        write_step(call, direction, time_of(direction, length[e], step), first + mine + e, unit,
                   cell[e]);
      }
    }
  }

  HEDDLE_UNROLL
  for (int e = 0; e < 2; ++e) {
    const int row = first + mine + e;
    if (real[e]) {
      for (int step = length[e]; step < call.time; ++step) {
        call.y(step, row, direction * hidden + unit) = T(0.0f);
      }
      call.h_n(direction, row, unit) = h[e];
      call.c_n(direction, row, unit) = narrow<T>(c[e]);
    }
  }
}

template <typename T>
void run(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  const LstmForward<T> call = forward_call<T>(in, out);
  with_cluster_mma_shape<T>(call.hidden, [&](auto shape) {
    using Shape = decltype(shape);
    launch_clusters(stream, "lstm.persistent_cluster_tensor_cores", call, Shape::cluster, rows,
                    Shape::threads, sizeof(ClusterMmaShared<Shape>), cluster_tensor_cores<Shape>);
  });
}

}  // namespace

bool cluster_tensor_cores_fit(const Stream& stream, std::int64_t hidden, DType dtype) {
  const DeviceLimits limits = limits_of(stream);
  bool fits = false;
  const auto asks = [&](auto shape) {
    using Shape = decltype(shape);
    const std::size_t needed =
        std::max(sizeof(ClusterMmaShared<Shape>), sizeof(ClusterMmaBackwardShared<Shape>));
    fits = Shape::cluster <= limits.cluster && needed <= limits.shared_bytes;
  };
  if (dtype == DType::f32 && hidden <= 256) {
    with_cluster_mma_shape<float>(hidden, asks);
  } else if (dtype == DType::bf16 && hidden <= 512) {
    with_cluster_mma_shape<bf16>(hidden, asks);
  }
  return fits;
}

void cluster_tensor_core_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  if (!cluster_tensor_cores_fit(stream, in.weight_hidden.size(2), in.x.dtype)) {
    persistent_grid_forward(stream, in, out);
  } else if (in.x.dtype == DType::bf16) {
    run<bf16>(stream, in, out);
  } else {
    run<float>(stream, in, out);
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
