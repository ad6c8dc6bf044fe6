// LSTM, persistent_cluster, backward: as forward (lstm_cluster.cu), with the same slice of R in
// each block (lstm_cluster.h has the plan).
//
//   dz_t of the block's units out of what arrives at h_t and c_t (lstm_cell.h), then
//   what it adds to dh_{t−1} of all units:  (rows of R of these units)ᵀ dz_t,  [4·units] → [H]
//
// A few lanes (4 with H = 256) share four of the H units: lane p has their weights for the quads
// j = 4·(lanes·c + p) of the block's dz, so that one 16-byte load of dz serves 16 multiplications
// again. Afterwards the sums change lanes until a lane holds all four units of one row or two, 16
// bytes that it stores in the shared memory of the units' owner.

#include "kernels/gpu/lstm_cluster.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// dz of the block's units, gate after gate, and what came from each block for them, two buffers.
/// Rows are 16 bytes longer than a multiple of 128, so that four units of eight rows meet no bank
/// twice.
template <typename Shape, int rows>
struct ClusterBackwardShared {
  alignas(16) SharedArray<float, rows, 4 * Shape::units_most + 4> dz;
  alignas(16) SharedArray<float, 2, Shape::cluster * rows, Shape::units_most + 4> came;
};

/// grid (cluster·⌈B / rows⌉, D), block 256; shared: dz of one block and 2·rows·H floats that came
/// (H = 256: 22 KB).
/// Reads R once; per step and row 4H gates, 2H of c and H of dy; writes 4H of dz; H/cluster floats
/// of each row go to each peer. A barrier of the block per step, before dz is read, and one of the
/// cluster.
template <typename Shape, int rows>
__global__ void __launch_bounds__(Shape::threads, 1)
    persistent_cluster_backward(LstmBackward<float> call) {
  using Quad = WeightQuad<float>;
  constexpr int lanes = Shape::threads / (Shape::hidden_most / 4);  // of four units
  constexpr int least = lanes * 4 >= rows * 4 ? 4 : rows * 4 / lanes;
  auto& shared = shared_memory<ClusterBackwardShared<Shape, rows>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int rank = cluster_rank();
  const int hidden = static_cast<int>(call.hidden);
  const int units = cluster_units(hidden, Shape::cluster);
  const int direction = static_cast<int>(blockIdx.y);
  const int first = static_cast<int>(blockIdx.x) / Shape::cluster * rows;
  const int longest = longest_of<rows>(call, first);

  // The product: these four units of all H, lane `part` of them.
  const int part = thread % lanes;
  const int to = thread / lanes * 4;
  const bool has_units = thread / 32 * (32 / lanes) * 4 < hidden;  // the same in a warp
  const Matrix<const float> weights = call.weight_hidden.matrix(direction);
  Quad kept[Shape::chunks][4];
  HEDDLE_UNROLL
  for (int chunk = 0; chunk < Shape::chunks; ++chunk) {
    HEDDLE_UNROLL
    for (int u = 0; u < 4; ++u) {
      kept[chunk][u] = Quad::from([&](int i) {
        const int j = (chunk * lanes + part) * 4 + i;
        const int from = rank * units + j % units;
        return j < 4 * units && from < hidden && to + u < hidden
                   ? static_cast<float>(weights(j / units * hidden + from, to + u))
                   : 0.0f;
      });
    }
  }

  // The cell: one unit of the block's own, one row; with four rows two lanes have the same one.
  const int in_block = thread / Shape::lanes;
  const int unit = rank * units + in_block;
  const int mine = thread % Shape::lanes * rows / Shape::lanes;
  const int row = first + mine;
  const bool owner = thread % (Shape::lanes / rows) == 0;
  const bool real = owner && in_block < units && unit < hidden && row < call.batch;
  const int length = real ? static_cast<int>(call.lengths[row]) : 0;
  float dh = real ? initial(call.dh_n, direction, row, unit) : 0.0f;
  float dc = real ? initial(call.dc_n, direction, row, unit) : 0.0f;
  if (real) {
    for (int step = length; step < call.time; ++step) {
      write_dz(call, direction, step, row, unit, FourGates<float>{});
    }
  }
  SavedStep<float> next{};
  if (longest > 0 && longest <= length) {
    next = read_step(call, direction, length, longest - 1, row, unit);
  }
  // Places of dz that no unit writes.
  for (int at = thread; at < rows * 4 * Shape::units_most; at += Shape::threads) {
    shared.dz(at / (4 * Shape::units_most), at % (4 * Shape::units_most)) = 0.0f;
  }
  sync_cluster();

  for (int step = longest - 1; step >= 0; --step) {
    const int now = step % 2;
    const SavedStep<float> saved = next;
    if (step > 0 && step <= length) {  // on its way while this step is computed
      next = read_step(call, direction, length, step - 1, row, unit);
    }
    FourGates<float> dz{};
    if (step < length) {
      dz = cell_step_backward<false>(saved, counted<1>(dh + saved.dy), dc);
    }
    if (owner && in_block < units) {
      HEDDLE_UNROLL
      for (int gate = 0; gate < 4; ++gate) {
        shared.dz(mine, gate * units + in_block) = dz[gate];
      }
    }
    sync_threads();

    if (has_units) {
      float sums[rows * 4] = {};  // [row][unit]
      HEDDLE_UNROLL
      for (int chunk = 0; chunk < Shape::chunks; ++chunk) {
        if (chunk * lanes < units) {  // quads of dz
          HEDDLE_UNROLL
          for (int r = 0; r < rows; ++r) {
            const Vector<float, 4> part_of_dz =
                load_shared<4>(shared.dz.address(r, (chunk * lanes + part) * 4));
            HEDDLE_UNROLL
            for (int u = 0; u < 4; ++u) {
              sums[r * 4 + u] = add_products(kept[chunk][u].numbers(), part_of_dz, sums[r * 4 + u]);
            }
          }
        }
      }
      spread_sums<rows * 4, least, lanes>(sums, part);
      constexpr int rows_of_lane = least / 4;
      constexpr int same = lanes * rows_of_lane / rows;  // lanes that hold the same
      if (to < hidden && part % same == 0) {
        HEDDLE_UNROLL
        for (int i = 0; i < rows_of_lane; ++i) {
          const int r = part / same * rows_of_lane + i;
          store_peer(
              to / units, shared.came.address(now, rank * rows + r, to % units),
              Vector<float, 4>{{sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]}});
        }
      }
    }
    sync_cluster();
    if (step < length) {
      write_dz(call, direction, time_of(direction, length, step), row, unit, dz);
      dh = 0.0f;
      HEDDLE_UNROLL
      for (int from = 0; from < Shape::cluster; ++from) {
        counted<1>(dh += shared.came(now, from * rows + mine, in_block));
      }
    }
  }

  if (real && call.dh0.data != nullptr) {
    call.dh0(direction, row, unit) = dh;
  }
  if (real && call.dc0.data != nullptr) {
    call.dc0(direction, row, unit) = dc;
  }
}

}  // namespace

void persistent_cluster_backward(Stream& stream, const LstmBackwardViews& views) {
  if (!persistent_cluster_fits(stream, views.in.weight_hidden.size(2), views.dz.dtype)) {
    persistent_grid_backward(stream, views);
    return;
  }
  const LstmBackward<float> call = backward_call<float>(views);
  with_cluster_shape(call.hidden, [&](auto shape) {
    using Shape = decltype(shape);
    with_cluster_rows(stream, Shape::cluster, call.batch, call.directions, [&](auto row_count) {
      constexpr int rows = decltype(row_count)::value;
      launch_clusters(stream, "lstm.persistent_cluster_backward", call, Shape::cluster, rows,
                      Shape::threads, sizeof(ClusterBackwardShared<Shape, rows>),
                      persistent_cluster_backward<Shape, rows>);
    });
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
