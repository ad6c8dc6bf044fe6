// LSTM, persistent_cluster_tensor_cores, backward: the plan of lstm_cluster.h on tensor cores. What
// a block's dz adds to dh of all units is  [H, 8] = (its rows of R)ᵀ [H, 4·units] · dzᵀ [4·units,
// 8]; a warp has cluster / 2 tiles of 16 of the H units, whose products do not wait for each other.
// A lane's sums are four: two rows each of two units, 8 bytes that it stores in the shared memory
// of the unit's owner.

#include "kernels/gpu/lstm_cluster_mma.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

constexpr int rows = cluster_rows;

/// grid (cluster·⌈B / 8⌉, D), block 4·units; shared: fragments that registers do not hold (bf16 H =
/// 512: 112 KB), dz of one block and 16·H floats that came (H = 512: 36 KB).
/// Reads R once; per step and row 4H gates, 2H of c and H of dy; writes 4H of dz; H/cluster floats
/// of each row go to each peer. A barrier of the block per step, before dz is read, and one of the
/// cluster.
template <typename Shape>
__global__ void __launch_bounds__(Shape::threads, 1)
    cluster_tensor_cores_backward(LstmBackward<typename Shape::Storage> call) {
  using T = typename Shape::Storage;
  using Factors = typename Shape::Factors;
  using Mma = typename Shape::Mma;
  constexpr int tiles = Shape::cluster / 2;  // of a warp
  constexpr int units = Shape::units;
  auto& shared = shared_memory<ClusterMmaBackwardShared<Shape>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int warp = thread / 32;
  const int lane = thread % 32;
  const int rank = cluster_rank();
  const int direction = static_cast<int>(blockIdx.y);
  const int first = static_cast<int>(blockIdx.x) / Shape::cluster * rows;
  const int longest = longest_of<rows>(call, first);
  const int hidden = static_cast<int>(call.hidden);

  // Fragment f: tile f % tiles, step f / tiles along the block's dz.
  const Matrix<const T> weights = call.weight_hidden.matrix(direction);
  WarpWeights<Shape> of_warp;
  of_warp.load(shared, warp, lane, [&](int f) {
    return Factors::fragment(lane, [&](int row, int col) {
      const int j = f / tiles * Mma::depth + col;
      const int from = rank * units + j % units;
      const int unit = (warp * tiles + f % tiles) * 16 + row;
      return unit < hidden && from < hidden ? weights(j / units * hidden + from, unit) : T(0.0f);
    });
  });

  const int in_block = warp * 8 + lane / 4;
  const int unit = rank * units + in_block;
  const int mine = lane % 4 * 2;
  int length[2];
  bool real[2];
  float dh[2];
  float dc[2];
  SavedStep<float> next[2] = {};
  HEDDLE_UNROLL
  for (int e = 0; e < 2; ++e) {
    const int row = first + mine + e;
    real[e] = unit < hidden && row < call.batch;
    length[e] = real[e] ? static_cast<int>(call.lengths[row]) : 0;
    dh[e] = real[e] ? initial(call.dh_n, direction, row, unit) : 0.0f;
    dc[e] = real[e] ? initial(call.dc_n, direction, row, unit) : 0.0f;
    for (int step = length[e]; real[e] && step < call.time; ++step) {
      write_dz(call, direction, step, row, unit, FourGates<float>{});
    }
    if (longest > 0 && longest <= length[e]) {
      next[e] = read_step(call, direction, length[e], longest - 1, row, unit);
    }
  }
  sync_cluster();

  for (int step = longest - 1; step >= 0; --step) {
    const int now = step % 2;
    FourGates<float> dz[2] = {};
    HEDDLE_UNROLL
    for (int e = 0; e < 2; ++e) {
      const SavedStep<float> saved = next[e];
      if (step > 0 && step <= length[e]) {  // on its way while this step is computed
        next[e] = read_step(call, direction, length[e], step - 1, first + mine + e, unit);
      }
      if (step < length[e]) {
        dz[e] = cell_step_backward<true>(saved, counted<1>(dh[e] + saved.dy), dc[e]);
      }
      HEDDLE_UNROLL
      for (int gate = 0; gate < 4; ++gate) {
        shared.dz(mine + e, gate * units + in_block) = Factors::factor(dz[e][gate]);
      }
    }
    sync_threads();
    MmaSum sums[tiles] = {};
    HEDDLE_UNROLL
    for (int f = 0; f < Shape::fragments; f += 2 * tiles) {
      std::uint32_t words[4];  // of two steps along dz
      load_tiles(words,
                 shared.dz.address(lane % 8, f / tiles * Mma::depth + lane / 8 * (Mma::depth / 2)));
      HEDDLE_UNROLL
      for (int i = 0; i < 2 * tiles; ++i) {
        const typename Mma::B b{{words[i / tiles * 2], words[i / tiles * 2 + 1]}};
        mma(sums[i % tiles], of_warp.get(shared, warp, lane, f + i), b);
      }
    }
    HEDDLE_UNROLL
    for (int tile = 0; tile < tiles; ++tile) {
      HEDDLE_UNROLL
      for (int half = 0; half < 2; ++half) {
        const int to = (warp * tiles + tile) * 16 + half * 8 + lane / 4;
        store_peer(
            to / units, shared.came.address(now, rank * units + to % units, mine),
            Vector<float, 2>{{sums[tile].element[2 * half], sums[tile].element[2 * half + 1]}});
      }
    }
    sync_cluster();
    HEDDLE_UNROLL
    for (int e = 0; e < 2; ++e) {
      if (step < length[e]) {
        write_dz(call, direction, time_of(direction, length[e], step), first + mine + e, unit,
                 dz[e]);
      }
    }
    Vector<float, 2> total{};
    HEDDLE_UNROLL
    for (int from = 0; from < Shape::cluster; ++from) {
      const Vector<float, 2> came =
          load_shared<2>(shared.came.address(now, from * units + in_block, mine));
      counted<1>(total[0] += came[0]);
      counted<1>(total[1] += came[1]);
    }
    HEDDLE_UNROLL
    for (int e = 0; e < 2; ++e) {
      dh[e] = step < length[e] ? total[e] : dh[e];
    }
  }

  HEDDLE_UNROLL
  for (int e = 0; e < 2; ++e) {
    const int row = first + mine + e;
    if (real[e] && call.dh0.data != nullptr) {
      call.dh0(direction, row, unit) = narrow<T>(dh[e]);
    }
    if (real[e] && call.dc0.data != nullptr) {
      call.dc0(direction, row, unit) = narrow<T>(dc[e]);
    }
  }
}

template <typename T>
void run(Stream& stream, const LstmBackwardViews& views) {
  const LstmBackward<T> call = backward_call<T>(views);
  with_cluster_mma_shape<T>(call.hidden, [&](auto shape) {
    using Shape = decltype(shape);
    launch_clusters(stream, "lstm.persistent_cluster_tensor_cores_backward", call, Shape::cluster,
                    rows, Shape::threads, sizeof(ClusterMmaBackwardShared<Shape>),
                    cluster_tensor_cores_backward<Shape>);
  });
}

}  // namespace

void cluster_tensor_core_backward(Stream& stream, const LstmBackwardViews& views) {
  if (!cluster_tensor_cores_fit(stream, views.in.weight_hidden.size(2), views.dz.dtype)) {
    persistent_grid_backward(stream, views);
  } else if (views.dz.dtype == DType::bf16) {
    run<bf16>(stream, views);
  } else {
    run<float>(stream, views);
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
