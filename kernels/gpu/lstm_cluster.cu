// LSTM, persistent_cluster, forward: R of one direction on the CUDA cores of 2 to 8
// multiprocessors, which exchange h through each other's shared memory (lstm_cluster.h has the
// plan).
//
// As in persistent_block several lanes share a unit: lane p of eight has the weights of all four
// gates for the quads k = 4·(8c + p) of h, so that one 16-byte load of h serves 16 multiplications,
// and the eight lanes read 128 neighbouring bytes. Afterwards the sums change lanes until lane p
// holds the four gates of row p. R is spread so thin that all of it fits in registers.
//
// Backward: lstm_cluster_backward.cu.

#include "kernels/gpu/lstm_cluster.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// h of all units, two buffers. A row is 16 bytes longer than a multiple of 128, so that four units
/// of eight rows meet no bank twice.
template <typename Shape, int rows>
struct ClusterShared {
  alignas(16) SharedArray<float, 2, rows, Shape::hidden_most + 4> vector;
};

/// grid (cluster·⌈B / rows⌉, D), block 256; shared: 2·rows·H floats (H = 256: 17 KB).
/// Reads R once; per step and row 4H of W x, writes 4H gates, H of c and h; H/cluster floats of
/// each row go to each peer. With H = 256 and eight rows a step has 2048 cycles of multiplications.
/// Gains: H ≤ 256 without launches, without R from memory, and without waiting for more than 7
/// other blocks. Loses: a barrier of a cluster costs some hundred cycles, ten times a block's; a
/// cluster needs free multiprocessors close to each other. Larger H, other types and devices
/// without clusters go to persistent_grid.
template <typename Shape, int rows>
__global__ void __launch_bounds__(Shape::threads, 1) persistent_cluster(LstmForward<float> call) {
  using Quad = WeightQuad<float>;
  auto& shared = shared_memory<ClusterShared<Shape, rows>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int warp = thread / 32;
  const int lane = thread % 32;
  const int part = thread % Shape::lanes;
  const int rank = cluster_rank();
  const int hidden = static_cast<int>(call.hidden);
  const int units = cluster_units(hidden, Shape::cluster);
  const int in_block = thread / Shape::lanes;
  const int unit = rank * units + in_block;
  const int direction = static_cast<int>(blockIdx.y);
  const int first = static_cast<int>(blockIdx.x) / Shape::cluster * rows;
  const int longest = longest_of<rows>(call, first);
  const int quad = rank * units + warp * 4;  // the warp's four units
  const bool has_units = warp * 4 < units && quad < hidden;

  // R, once.
  const Matrix<const float> weights = call.weight_hidden.matrix(direction);
  Quad kept[Shape::chunks][4];
  HEDDLE_UNROLL
  for (int chunk = 0; chunk < Shape::chunks; ++chunk) {
    HEDDLE_UNROLL
    for (int gate = 0; gate < 4; ++gate) {
      kept[chunk][gate] = Quad::from([&](int i) {
        const int k = (chunk * Shape::lanes + part) * 4 + i;
        return in_block < units && unit < hidden && k < hidden
                   ? static_cast<float>(weights(gate * hidden + unit, k))
                   : 0.0f;
      });
    }
  }
  for (int at = thread; at < rows * Shape::hidden_most; at += Shape::threads) {
    const int row = at / Shape::hidden_most;
    const int k = at % Shape::hidden_most;
    shared.vector(0, row, k) =
        first + row < call.batch && k < hidden ? initial(call.h0, direction, first + row, k) : 0.0f;
    shared.vector(1, row, k) = 0.0f;
  }

  // After the sums have changed lanes this one has row `mine`; with four rows two lanes have the
  // same one, and the first of them is its owner.
  const int mine = part * rows / Shape::lanes;
  const int row = first + mine;
  const bool owner = part % (Shape::lanes / rows) == 0;
  const bool real = owner && in_block < units && unit < hidden && row < call.batch;
  const int length = real ? static_cast<int>(call.lengths[row]) : 0;
  float c = real ? initial(call.c0, direction, row, unit) : 0.0f;
  float h = real ? initial(call.h0, direction, row, unit) : 0.0f;
  FourGates<float> next{};
  if (length > 0) {
    next = input_part(call, direction, time_of(direction, length, 0), row, unit);
  }
  sync_cluster();

  for (int step = 0; step < longest; ++step) {
    const int now = step % 2;
    FourGates<float> z = next;
    if (step + 1 < length) {  // on its way while this step is computed
      next = input_part(call, direction, time_of(direction, length, step + 1), row, unit);
    }
    CellStep<float> cell{};
    if (has_units) {
      float sums[rows * 4] = {};
      HEDDLE_UNROLL
      for (int chunk = 0; chunk < Shape::chunks; ++chunk) {
        if (chunk * 4 * Shape::lanes < hidden) {
          HEDDLE_UNROLL
          for (int r = 0; r < rows; ++r) {
            const Vector<float, 4> part_of_h =
                load_shared<4>(shared.vector.address(now, r, (chunk * Shape::lanes + part) * 4));
            HEDDLE_UNROLL
            for (int gate = 0; gate < 4; ++gate) {
              sums[r * 4 + gate] =
                  add_products(kept[chunk][gate].numbers(), part_of_h, sums[r * 4 + gate]);
            }
          }
        }
      }
      spread_sums<rows * 4, 4, Shape::lanes>(sums, part);
      if (step < length) {
        HEDDLE_UNROLL
        for (int gate = 0; gate < 4; ++gate) {
          counted<1>(z[gate] += sums[gate]);
        }
        cell = cell_step<false>(z, c);
        c = cell.c;
        h = cell.h;
      }
      if (owner) {
        shared.vector(1 - now, mine, unit) = h;
      }
      push_to_peers<Shape::cluster, rows, 1>(
          lane, rank, [&](int r, int /*v*/) { return shared.vector.address(1 - now, r, quad); });
    }
    sync_cluster();
    if (step < length) {
      write_step(call, direction, time_of(direction, length, step), row, unit, cell);
    }
  }

  if (real) {
    for (int step = length; step < call.time; ++step) {
      call.y(step, row, direction * hidden + unit) = 0.0f;
    }
    call.h_n(direction, row, unit) = h;
    call.c_n(direction, row, unit) = c;
  }
}

}  // namespace

bool persistent_cluster_fits(const Stream& stream, std::int64_t hidden, DType dtype) {
  const DeviceLimits limits = limits_of(stream);
  bool fits = false;
  if (dtype == DType::f32 && hidden <= 256) {
    // The little shared memory of these kernels every device with clusters has.
    with_cluster_shape(hidden, [&](auto shape) { fits = shape.cluster <= limits.cluster; });
  }
  return fits;
}

void persistent_cluster_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  if (!persistent_cluster_fits(stream, in.weight_hidden.size(2), in.x.dtype)) {
    persistent_grid_forward(stream, in, out);
    return;
  }
  const LstmForward<float> call = forward_call<float>(in, out);
  with_cluster_shape(call.hidden, [&](auto shape) {
    using Shape = decltype(shape);
    with_cluster_rows(stream, Shape::cluster, call.batch, call.directions, [&](auto row_count) {
      constexpr int rows = decltype(row_count)::value;
      launch_clusters(stream, "lstm.persistent_cluster", call, Shape::cluster, rows, Shape::threads,
                      sizeof(ClusterShared<Shape, rows>), persistent_cluster<Shape, rows>);
    });
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
