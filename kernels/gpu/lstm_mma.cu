// LSTM, persistent_tensor_cores: as persistent_block, a block keeping all of R and some rows of the
// batch for all steps, with the products on tensor cores.
//
// Tensor cores multiply 16 rows by 8 columns. The batch is the narrow side: zᵀ [4H, 8] = R [4H, H]
// · hᵀ [H, 8], so that R is the factor whose fragments a warp loads once and keeps, and a block has
// 8 rows of the batch. h (forward) or dz (backward), rounded to the factors' type, goes through
// shared memory, whose rows are 16 bytes longer than a multiple of 128, so that load_tiles meets no
// bank twice.
//
// Forward, a warp owns 8 units, in two tiles of 16 rows: gates i and f of the units, gates g and o.
// In the sums of mma a lane then has all four gates of one unit for two rows of the batch: the cell
// needs no exchange, and c stays in registers.
// Backward, a tile is 16 units, and its sum over 4H numbers is split between two warps: one takes
// the gates i and f, the other g and o. Each gives the other the units it does not own.
//
// The factors are rounded: classes bf16 (bf16 tensors) and tf32 (f32 tensors), with fast gate
// functions; sums and c are f32.

#include "kernels/gpu/lstm_fragments.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

constexpr int rows = 8;  // of the batch, of one block

/// A block of 4·hidden_most threads: a warp for 8 units. Each warp has `fragments` of R, `kept` of
/// them in registers.
template <typename Factors_, int hidden_most_, int kept_>
struct MmaShape {
  using Factors = Factors_;
  using Mma = typename Factors::Mma;
  using Storage = typename Factors::Storage;
  static constexpr int hidden_most = hidden_most_;
  static constexpr int threads = 4 * hidden_most;
  static constexpr int warps = hidden_most / 8;
  static constexpr int fragments = 2 * hidden_most / Mma::depth;
  static constexpr int kept = kept_;
  static constexpr int spilled = fragments - kept;
  static constexpr int padding = 16 / static_cast<int>(sizeof(Storage));
};

/// `width`: H forward (h), 4H backward (dz).
template <typename Shape, int width, int buffers>
struct MmaShared {
  SharedArray<FragmentWords, Shape::spilled == 0 ? 1 : Shape::warps * Shape::spilled,
              Shape::spilled == 0 ? 1 : 32>
      fragments;
  SharedArray<typename Shape::Storage, buffers, rows, width + Shape::padding> vector;
};
/// Backward, sums also change warps.
template <typename Shape>
struct MmaBackwardShared : MmaShared<Shape, 4 * Shape::hidden_most, 1> {
  SharedArray<Vector<float, 2>, Shape::warps, 32> exchange;
};

/// grid (⌈B / 8⌉, D), block 4·hidden_most; shared: fragments that registers do not hold (bf16 H =
/// 192: 204 KB; tf32 H = 128: 128 KB), two buffers of h.
/// Reads R once; per step and row 4H of W x, writes 4H gates, H of c and h.
/// Gains over persistent_block: R·h takes H/16 (bf16) instructions of a warp per tile instead of
/// H·8 multiplications of each lane. Loses: rounded factors; 8 rows at a time, so a small batch
/// leaves columns idle. H ≤ 192 in bf16 and 128 in tf32, on sm_80 and later; others go to
/// persistent_block.
template <typename Shape>
__global__ void __launch_bounds__(Shape::threads)
    tensor_cores(LstmForward<typename Shape::Storage> call) {
  using T = typename Shape::Storage;
  using Factors = typename Shape::Factors;
  using Mma = typename Shape::Mma;
  auto& shared = shared_memory<MmaShared<Shape, Shape::hidden_most, 2>>();
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int direction = static_cast<int>(blockIdx.y);
  const int first = static_cast<int>(blockIdx.x) * rows;
  const int longest = longest_of<rows>(call, first);
  const std::int64_t hidden = call.hidden;

  const Matrix<const T> weights = call.weight_hidden.matrix(direction);
  WarpWeights<Shape> of_warp;
  of_warp.load(shared, warp, lane, [&](int f) {
    return Factors::fragment(lane, [&](int row, int col) {
      const std::int64_t gate = f % 2 * 2 + row / 8;
      const int unit = warp * 8 + row % 8;
      const std::int64_t k = f / 2 * Mma::depth + col;
      return unit < hidden && k < hidden ? weights(gate * hidden + unit, k) : T(0.0f);
    });
  });

  // This lane's unit and two rows.
  const int unit = warp * 8 + lane / 4;
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
    shared.vector(0, mine + e, unit) = Factors::factor(widen<T>(h[e]));
    if (length[e] > 0) {
      next[e] = input_part(call, direction, time_of(direction, length[e], 0), row, unit);
    }
  }
  sync_threads();

  for (int step = 0; step < longest; ++step) {
    const int now = step % 2;
    MmaSum sums[2];  // of the two tiles; W x + b is where they begin
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
        mma(sums[i % 2], of_warp.get(shared, warp, lane, f + i), b);
      }
    }
    HEDDLE_UNROLL
    for (int e = 0; e < 2; ++e) {
      const int row = first + mine + e;
      if (step < length[e]) {
        FourGates<float> z;
        HEDDLE_UNROLL
        for (int gate = 0; gate < 4; ++gate) {
          z[gate] = sums[gate / 2].element[gate % 2 * 2 + e];
        }
        const CellStep<float> cell = cell_step<true>(z, c[e]);
        c[e] = cell.c;
        h[e] = narrow<T>(cell.h);
        write_step(call, direction, time_of(direction, length[e], step), row, unit, cell);
      }
      shared.vector(1 - now, mine + e, unit) = Factors::factor(widen<T>(h[e]));
    }
    sync_threads();
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

/// grid (⌈B / 8⌉, D), block 4·hidden_most; shared: as forward, dz [8, 4H] in one buffer, and two
/// sums of each lane on their way to another warp.
/// Reads R once; per step and row 4H gates, 2H of c and H of dy; writes 4H of dz. Two barriers per
/// step: before dz is read, and before the partner's sums are.
template <typename Shape>
__global__ void __launch_bounds__(Shape::threads)
    tensor_cores_backward(LstmBackward<typename Shape::Storage> call) {
  using T = typename Shape::Storage;
  using Factors = typename Shape::Factors;
  using Mma = typename Shape::Mma;
  auto& shared = shared_memory<MmaBackwardShared<Shape>>();
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int half = warp % 2;  // of the gates it sums over, and of the 16 units it owns
  const int direction = static_cast<int>(blockIdx.y);
  const int first = static_cast<int>(blockIdx.x) * rows;
  const int longest = longest_of<rows>(call, first);
  const std::int64_t hidden = call.hidden;
  const int first_number = half * 2 * Shape::hidden_most;

  const Matrix<const T> weights = call.weight_hidden.matrix(direction);
  WarpWeights<Shape> of_warp;
  of_warp.load(shared, warp, lane, [&](int f) {
    return Factors::fragment(lane, [&](int row, int col) {
      const int number = first_number + f * Mma::depth + col;
      const std::int64_t gate = number / Shape::hidden_most;
      const std::int64_t from = number % Shape::hidden_most;
      const int unit = warp / 2 * 16 + row;
      return unit < hidden && from < hidden ? weights(gate * hidden + from, unit) : T(0.0f);
    });
  });

  const int unit = warp * 8 + lane / 4;
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

  for (int step = longest - 1; step >= 0; --step) {
    HEDDLE_UNROLL
    for (int e = 0; e < 2; ++e) {
      const int row = first + mine + e;
      const SavedStep<float> saved = next[e];
      if (step > 0 && step <= length[e]) {  // on its way while this step is computed
        next[e] = read_step(call, direction, length[e], step - 1, row, unit);
      }
      FourGates<float> dz{};
      if (step < length[e]) {
        dz = cell_step_backward<true>(saved, counted<1>(dh[e] + saved.dy), dc[e]);
        write_dz(call, direction, time_of(direction, length[e], step), row, unit, dz);
      }
      HEDDLE_UNROLL
      for (int gate = 0; gate < 4; ++gate) {
        shared.vector(0, mine + e, gate * Shape::hidden_most + unit) = Factors::factor(dz[gate]);
      }
    }
    sync_threads();
    MmaSum sums[2] = {};
    HEDDLE_UNROLL
    for (int f = 0; f < Shape::fragments; f += 2) {
      std::uint32_t words[4];  // of two steps along dz
      load_tiles(words,
                 shared.vector.address(
                     0, lane % 8, first_number + f * Mma::depth + lane / 8 * (Mma::depth / 2)));
      HEDDLE_UNROLL
      for (int i = 0; i < 2; ++i) {
        const typename Mma::B b{{words[2 * i], words[2 * i + 1]}};
        mma(sums[i], of_warp.get(shared, warp, lane, f + i), b);
      }
    }
    float total[4];
    HEDDLE_UNROLL
    for (int i = 0; i < 4; ++i) {
      total[i] = counted<1>(sums[0].element[i] + sums[1].element[i]);
    }
    // Elements 0 and 1 are the lower 8 units of the tile, 2 and 3 the upper ones.
    shared.exchange(warp, lane) =
        half == 0 ? Vector<float, 2>{{total[2], total[3]}} : Vector<float, 2>{{total[0], total[1]}};
    sync_threads();
    const Vector<float, 2> other = shared.exchange(warp ^ 1, lane);
    HEDDLE_UNROLL
    for (int e = 0; e < 2; ++e) {
      if (step < length[e]) {
        dh[e] = counted<1>((half == 0 ? total[e] : total[2 + e]) + other[e]);
      }
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

/// Calls `body(MmaShape{})` with the smallest shape that holds `hidden`.
template <typename T, typename Body>
void with_mma_shape(std::int64_t hidden, const Body& body) {
  if constexpr (std::is_same_v<T, float>) {
    if (hidden <= 64) {
      body(MmaShape<Tf32Factors, 64, 16>{});
    } else {
      body(MmaShape<Tf32Factors, 128, 16>{});
    }
  } else {
    if (hidden <= 64) {
      body(MmaShape<Bf16Factors, 64, 8>{});
    } else if (hidden <= 128) {
      body(MmaShape<Bf16Factors, 128, 12>{});
    } else {
      body(MmaShape<Bf16Factors, 192, 7>{});
    }
  }
}

template <typename Call, typename Kernel>
void run(Stream& stream, const char* name, const Call& call, int threads, std::size_t shared_bytes,
         Kernel kernel) {
  launch(kernel,
         Launch{.kernel = name,
                .stream = stream,
                .grid = dim3(blocks_for(call.batch, rows), static_cast<unsigned>(call.directions)),
                .block = dim3(static_cast<unsigned>(threads)),
                .shared_bytes = shared_bytes},
         call);
}

template <typename T>
void forward_of(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  const LstmForward<T> call = forward_call<T>(in, out);
  with_mma_shape<T>(call.hidden, [&](auto shape) {
    using Shape = decltype(shape);
    run(stream, "lstm.persistent_tensor_cores", call, Shape::threads,
        sizeof(MmaShared<Shape, Shape::hidden_most, 2>), tensor_cores<Shape>);
  });
}
template <typename T>
void backward_of(Stream& stream, const LstmBackwardViews& views) {
  const LstmBackward<T> call = backward_call<T>(views);
  with_mma_shape<T>(call.hidden, [&](auto shape) {
    using Shape = decltype(shape);
    run(stream, "lstm.persistent_tensor_cores_backward", call, Shape::threads,
        sizeof(MmaBackwardShared<Shape>), tensor_cores_backward<Shape>);
  });
}

}  // namespace

bool tensor_cores_fit(const Stream& stream, std::int64_t hidden, DType dtype) {
  const DeviceLimits limits = limits_of(stream);
  std::size_t needed = 0;
  const auto shared_of = [&](auto shape) {
    using Shape = decltype(shape);
    needed =
        std::max(sizeof(MmaShared<Shape, Shape::hidden_most, 2>), sizeof(MmaBackwardShared<Shape>));
  };
  if (dtype == DType::f32 && hidden <= 128) {
    with_mma_shape<float>(hidden, shared_of);
  } else if (dtype == DType::bf16 && hidden <= 192) {
    with_mma_shape<bf16>(hidden, shared_of);
  } else {
    return false;
  }
  return limits.architecture >= 80 && needed <= limits.shared_bytes;
}

void tensor_core_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  if (!tensor_cores_fit(stream, in.weight_hidden.size(2), in.x.dtype)) {
    persistent_block_forward(stream, in, out);
  } else if (in.x.dtype == DType::bf16) {
    forward_of<bf16>(stream, in, out);
  } else {
    forward_of<float>(stream, in, out);
  }
}

void tensor_core_backward(Stream& stream, const LstmBackwardViews& views) {
  if (!tensor_cores_fit(stream, views.in.weight_hidden.size(2), views.dz.dtype)) {
    persistent_block_backward(stream, views);
  } else if (views.dz.dtype == DType::bf16) {
    backward_of<bf16>(stream, views);
  } else {
    backward_of<float>(stream, views);
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
