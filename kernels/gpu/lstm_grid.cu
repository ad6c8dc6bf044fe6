// LSTM, persistent_grid: R shared out over all blocks of the device, for hidden sizes that do not
// fit on one multiprocessor.
//
// Each block owns some hidden units (a multiple of 4) of one direction, with all four gates: their
// part of R stays in its shared memory for all steps. Every step it needs h of all units, which
// other blocks compute: h_t stands in y, so blocks read it there, out of the L2 cache. When a block
// has written its part of a step it raises its flag to the number of steps done; the next step of
// its direction begins when all flags of the direction are up. Both directions run at once on
// disjoint blocks. No barrier of the whole grid is needed, and no buffer is used twice, since each
// step of y and dz has its own place.
//
// Backward is the same with dz in the place of h: dh of a unit is a sum over dz of all blocks.
//
// A warp computes 4 units of 8 rows at a time. Forward, 8 lanes share a unit: lane p takes the
// quads k = 4·(8c + p) of h for all gates and rows, and holds row p after the sums have changed
// lanes. Backward, 32 lanes share the four units, and each ends with one unit of one row.

#include <algorithm>

#include "kernels/gpu/lstm_on_chip.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

constexpr int grid_threads = 256;
constexpr int grid_warps = grid_threads / 32;
constexpr int tile_units = 4;
constexpr int tile_rows = 8;

/// How a call is shared out.
struct GridPlan {
  std::int64_t units;   // of a block
  std::int64_t blocks;  // of a direction
  int chunks;           // ⌈H / 32⌉: 128 numbers of dz or 32 of h each
  int staged_rows;      // of h or dz in shared memory at once, a multiple of 8
  int columns;          // of a staged row: 32·chunks forward, 128·chunks backward
};

struct GridShared {
  BlockReduceShared<int> reduce;
};
constexpr std::size_t weights_offset = (sizeof(GridShared) + 15) / 16 * 16;

template <typename T>
__device__ __forceinline__ SharedElements<WeightQuad<T>> weights_of(const GridPlan& plan) {
  return shared_elements<WeightQuad<T>>(weights_offset, plan.units * plan.chunks * 32);
}
template <typename T>
__device__ __forceinline__ SharedElements<T> stage_of(const GridPlan& plan) {
  return shared_elements<T>(weights_offset + static_cast<std::size_t>(plan.units * plan.chunks) *
                                                 32 * sizeof(WeightQuad<T>),
                            std::int64_t{plan.staged_rows} * plan.columns);
}
template <typename T>
std::size_t shared_bytes_of(const GridPlan& plan) {
  return weights_offset +
         static_cast<std::size_t>(plan.units * plan.chunks) * 32 * sizeof(WeightQuad<T>) +
         static_cast<std::size_t>(plan.staged_rows) * static_cast<std::size_t>(plan.columns) *
             sizeof(T);
}

/// Shared memory for at least 8 rows beside the weights, or no plan (units 0).
template <typename T>
GridPlan plan_for(const Stream& stream, std::int64_t hidden, std::int64_t directions,
                  std::int64_t batch, bool backward) {
  const DeviceLimits limits = limits_of(stream);
  const std::int64_t most_blocks = std::max<std::int64_t>(limits.multiprocessors / directions, 1);
  GridPlan plan{};
  const std::int64_t groups = (hidden + tile_units - 1) / tile_units;
  const std::int64_t groups_per_block = (groups + most_blocks - 1) / most_blocks;
  plan.units = tile_units * groups_per_block;
  plan.blocks = (groups + groups_per_block - 1) / groups_per_block;
  plan.chunks = static_cast<int>((hidden + 31) / 32);
  plan.columns = plan.chunks * (backward ? 128 : 32);
  // As many rows as give each warp a tile, where they fit.
  const std::int64_t wanted = std::min<std::int64_t>(
      (batch + tile_rows - 1) / tile_rows, (grid_warps + groups_per_block - 1) / groups_per_block);
  for (plan.staged_rows = static_cast<int>(std::max<std::int64_t>(wanted, 1)) * tile_rows;
       plan.staged_rows > 0; plan.staged_rows -= tile_rows) {
    if (shared_bytes_of<T>(plan) <= limits.shared_bytes) {
      return plan;
    }
  }
  plan.units = 0;
  return plan;
}

template <typename T>
__device__ __forceinline__ Vector<float, 4> widened(const T* address) {
  const Vector<T, 4> from = load_shared<4>(address);
  return {{widen<T>(from[0]), widen<T>(from[1]), widen<T>(from[2]), widen<T>(from[3])}};
}

template <typename Call>
__device__ __forceinline__ int longest_row(const Call& call, GridShared& shared) {
  int longest = 0;
  for (std::int64_t row = threadIdx.x; row < call.batch; row += grid_threads) {
    const int length = static_cast<int>(call.lengths[row]);
    longest = length > longest ? length : longest;
  }
  return block_max(longest, shared.reduce);
}

/// Waits until all blocks of the direction have done `steps` steps.
__device__ __forceinline__ void wait_for_blocks(Row<std::uint32_t> flags, std::int64_t blocks,
                                                std::int64_t direction, std::int64_t steps) {
  for (std::int64_t block = threadIdx.x; block < blocks; block += grid_threads) {
    wait_flag(flags.address(direction * blocks + block), static_cast<std::uint32_t>(steps));
  }
  sync_threads();
}
__device__ __forceinline__ void tell_blocks(Row<std::uint32_t> flags, std::int64_t blocks,
                                            std::int64_t direction, std::int64_t steps) {
  sync_threads();  // all threads have written their part
  if (threadIdx.x == 0) {
    post_flag(flags.address(direction * blocks + blockIdx.x), static_cast<std::uint32_t>(steps));
  }
}

/// `count` neighbouring elements to a row of the stage, zeros behind them; all zeros where `from`
/// is null. Wide: count and address are multiples of 16 bytes.
template <typename T>
__device__ __forceinline__ void stage_row(const SharedElements<T>& stage, std::int64_t to,
                                          const T* from, std::int64_t count, std::int64_t columns,
                                          bool wide, int lane) {
  if (wide && from != nullptr) {
    for (std::int64_t i = std::int64_t{lane} * widest<T>; i < columns; i += 32 * widest<T>) {
      copy_async<16>(stage.address(to + i), from + (i < count ? i : 0), i < count);
    }
  } else {
    for (std::int64_t i = lane; i < columns; i += 32) {
      stage(to + i) = from != nullptr && i < count ? from[i] : T(0.0f);
    }
  }
}

__global__ void clear_flags(Row<std::uint32_t> flags) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < flags.size) {
    flags(i) = 0;
  }
}

/// grid (blocks of a direction, D), cooperative, block 256; shared: 4·units·H of R and the staged
/// rows of h (H = 512 on 132 multiprocessors: 8 units, 64 KB, and 32 rows, 64 KB).
/// Per step every block reads B·H of h from the L2 cache, 4·units·B of W x; writes as much, and y.
/// Gains: H up to about 900 (f32) without R from memory, on 132 multiprocessors. Loses: a step
/// waits for the slowest block, and all of h passes through every block: with B·H large the product
/// of fused_cell at full rate wins. R that does not fit, and f64, go to fused_cell.
template <typename T>
__global__ void __launch_bounds__(grid_threads)
    persistent_grid(LstmForward<T> call, GridPlan plan, Batch<float> c_state, bool wide,
                    Row<std::uint32_t> flags) {
  const int direction = static_cast<int>(blockIdx.y);
  const std::int64_t first_unit = blockIdx.x * plan.units;
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int part = lane % 8;
  const SharedElements<WeightQuad<T>> weights = weights_of<T>(plan);
  const SharedElements<T> stage = stage_of<T>(plan);
  const int longest = longest_row(call, shared_memory<GridShared>());

  // R, once: [unit group][chunk][gate][lane], the lane being 8·(unit of the group) + part.
  for (std::int64_t at = threadIdx.x; at < weights.size(); at += grid_threads) {
    const std::int64_t gate = at / 32 % 4;
    const std::int64_t chunk = at / 128 % plan.chunks;
    const std::int64_t unit = first_unit + at / 128 / plan.chunks * tile_units + at % 32 / 8;
    weights(at) = WeightQuad<T>::from([&](int i) {
      const std::int64_t k = (chunk * 8 + at % 8) * 4 + i;
      return unit < call.hidden && k < call.hidden
                 ? call.weight_hidden(direction, gate * call.hidden + unit, k)
                 : T(0.0f);
    });
  }
  // Rows without a step.
  for (std::int64_t row = warp; row < call.batch; row += grid_warps) {
    for (std::int64_t unit = first_unit + lane;
         call.lengths[row] == 0 && unit < first_unit + plan.units && unit < call.hidden;
         unit += 32) {
      call.h_n(direction, row, unit) = narrow<T>(initial(call.h0, direction, row, unit));
      call.c_n(direction, row, unit) = narrow<T>(initial(call.c0, direction, row, unit));
    }
  }

  const int groups = static_cast<int>(plan.units / tile_units);
  const int tiles = plan.staged_rows / tile_rows * groups;
  for (int step = 0; step < call.time; ++step) {
    const bool runs = step < longest;  // the same for all blocks
    if (runs && step > 0) {
      wait_for_blocks(flags, plan.blocks, direction, step);
    }
    for (std::int64_t first = 0; first < call.batch; first += plan.staged_rows) {
      for (int r = warp; runs && r < plan.staged_rows; r += grid_warps) {
        const std::int64_t row = first + r;
        const int length = row < call.batch ? static_cast<int>(call.lengths[row]) : 0;
        const T* from = nullptr;
        if (step > 0 && step < length) {
          from = call.y.matrix(time_of(direction, length, step - 1))
                     .address(row, direction * call.hidden);
        } else if (step < length && call.h0.data != nullptr) {
          from = call.h0.matrix(direction).address(row, 0);
        }
        stage_row(stage, std::int64_t{r} * plan.columns, from, call.hidden, plan.columns, wide,
                  lane);
      }
      commit_copies();
      wait_copies();
      sync_threads();
      for (int tile = warp; tile < tiles; tile += grid_warps) {
        const int group = tile % groups;
        const int tile_first = tile / groups * tile_rows;
        const std::int64_t unit = first_unit + group * tile_units + lane / 8;
        const std::int64_t row = first + tile_first + part;
        const bool real = unit < call.hidden && row < call.batch;
        const int length = real ? static_cast<int>(call.lengths[row]) : 0;
        const std::int64_t time = time_of(direction, length, step);
        FourGates<float> z{};
        float c = 0.0f;
        if (step < length) {
          z = input_part(call, direction, time, row, unit);
          c = step > 0 ? static_cast<float>(c_state(direction, row, unit))
                       : initial(call.c0, direction, row, unit);
        }
        float sums[tile_rows * 4] = {};
        for (int chunk = 0; runs && chunk < plan.chunks; ++chunk) {
          Vector<float, 4> factors[4];
          HEDDLE_UNROLL
          for (int gate = 0; gate < 4; ++gate) {
            factors[gate] =
                static_cast<WeightQuad<T>>(
                    weights(((std::int64_t{group} * plan.chunks + chunk) * 4 + gate) * 32 + lane))
                    .numbers();
          }
          HEDDLE_UNROLL
          for (int r = 0; r < tile_rows; ++r) {
            const Vector<float, 4> h = widened(stage.address(
                std::int64_t{tile_first + r} * plan.columns + (chunk * 8 + part) * 4));
            HEDDLE_UNROLL
            for (int gate = 0; gate < 4; ++gate) {
              sums[r * 4 + gate] = add_products(factors[gate], h, sums[r * 4 + gate]);
            }
          }
        }
        halve_sums<16>(sums, (part & 4) != 0, 4);
        halve_sums<8>(sums, (part & 2) != 0, 2);
        halve_sums<4>(sums, (part & 1) != 0, 1);
        if (step < length) {
          HEDDLE_UNROLL
          for (int gate = 0; gate < 4; ++gate) {
            counted<1>(z[gate] += sums[gate]);
          }
          const CellStep<float> cell = cell_step<false>(z, c);
          write_step(call, direction, time, row, unit, cell);
          c_state(direction, row, unit) = cell.c;
          if (step + 1 == length) {
            call.h_n(direction, row, unit) = narrow<T>(cell.h);
            call.c_n(direction, row, unit) = narrow<T>(cell.c);
          }
        } else if (real) {
          call.y(step, row, direction * call.hidden + unit) = T(0.0f);
        }
      }
      sync_threads();  // before the stage is filled anew
    }
    if (runs) {
      tell_blocks(flags, plan.blocks, direction, step + 1);
    }
  }
}

/// grid (blocks of a direction, D), cooperative, block 256; shared: 4·units·H of R and the staged
/// rows of dz, 4H each (H = 512: 64 KB and 16 rows, 128 KB).
/// Per step every block reads B·4H of dz from the L2 cache, and of its units 4 gates, 2 of c and
/// dy; writes dz.
template <typename T>
__global__ void __launch_bounds__(grid_threads)
    persistent_grid_backward(LstmBackward<T> call, GridPlan plan, Batch<float> dc_state, bool wide,
                             Row<std::uint32_t> flags) {
  const int direction = static_cast<int>(blockIdx.y);
  const std::int64_t first_unit = blockIdx.x * plan.units;
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  const SharedElements<WeightQuad<T>> weights = weights_of<T>(plan);
  const SharedElements<T> stage = stage_of<T>(plan);
  const int longest = longest_row(call, shared_memory<GridShared>());

  // R, once: [unit group][chunk][unit of the group][lane], lane p for j = 4·(32·chunk + p) ….
  for (std::int64_t at = threadIdx.x; at < weights.size(); at += grid_threads) {
    const std::int64_t chunk = at / 128 % plan.chunks;
    const std::int64_t unit = first_unit + at / 128 / plan.chunks * tile_units + at / 32 % 4;
    weights(at) = WeightQuad<T>::from([&](int i) {
      const std::int64_t j = (chunk * 32 + at % 32) * 4 + i;
      return unit < call.hidden && j < 4 * call.hidden ? call.weight_hidden(direction, j, unit)
                                                       : T(0.0f);
    });
  }

  const int groups = static_cast<int>(plan.units / tile_units);
  const int tiles = plan.staged_rows / tile_rows * groups;
  // Step −1 only takes dz of step 0 to dh0.
  for (int step = static_cast<int>(call.time) - 1; step >= -1; --step) {
    const bool follows = step + 1 < longest;  // there is dz of a later step
    if (follows) {
      wait_for_blocks(flags, plan.blocks, direction, longest - 1 - step);
    }
    for (std::int64_t first = 0; first < call.batch; first += plan.staged_rows) {
      for (int r = warp; follows && r < plan.staged_rows; r += grid_warps) {
        const std::int64_t row = first + r;
        const int length = row < call.batch ? static_cast<int>(call.lengths[row]) : 0;
        const T* from = nullptr;
        if (step + 1 < length) {
          from = call.dz.matrix(direction, time_of(direction, length, step + 1)).address(row, 0);
        }
        stage_row(stage, std::int64_t{r} * plan.columns, from, 4 * call.hidden, plan.columns, wide,
                  lane);
      }
      commit_copies();
      wait_copies();
      sync_threads();
      for (int tile = warp; tile < tiles; tile += grid_warps) {
        const int group = tile % groups;
        const int tile_first = tile / groups * tile_rows;
        const std::int64_t unit = first_unit + group * tile_units + lane % 4;
        const std::int64_t row = first + tile_first + lane / 4;
        const bool real = unit < call.hidden && row < call.batch;
        const int length = real ? static_cast<int>(call.lengths[row]) : 0;
        const bool last = step + 1 >= length;
        SavedStep<float> saved{};
        float dh = 0.0f;
        float dc = 0.0f;
        if (real) {
          if (step >= 0 && step < length) {
            saved = read_step(call, direction, length, step, row, unit);
          }
          dh = last ? initial(call.dh_n, direction, row, unit) : 0.0f;
          dc = last ? initial(call.dc_n, direction, row, unit)
                    : static_cast<float>(dc_state(direction, row, unit));
        }
        float sums[4 * tile_rows] = {};  // [row][unit]
        for (int chunk = 0; follows && chunk < plan.chunks; ++chunk) {
          Vector<float, 4> factors[4];
          HEDDLE_UNROLL
          for (int u = 0; u < 4; ++u) {
            factors[u] =
                static_cast<WeightQuad<T>>(
                    weights(((std::int64_t{group} * plan.chunks + chunk) * 4 + u) * 32 + lane))
                    .numbers();
          }
          HEDDLE_UNROLL
          for (int r = 0; r < tile_rows; ++r) {
            const Vector<float, 4> dz = widened(stage.address(
                std::int64_t{tile_first + r} * plan.columns + (chunk * 32 + lane) * 4));
            HEDDLE_UNROLL
            for (int u = 0; u < 4; ++u) {
              sums[r * 4 + u] = add_products(factors[u], dz, sums[r * 4 + u]);
            }
          }
        }
        halve_sums<16>(sums, (lane & 16) != 0, 16);
        halve_sums<8>(sums, (lane & 8) != 0, 8);
        halve_sums<4>(sums, (lane & 4) != 0, 4);
        halve_sums<2>(sums, (lane & 2) != 0, 2);
        halve_sums<1>(sums, (lane & 1) != 0, 1);
        dh = last ? dh : sums[0];
        if (real && step < 0) {
          if (call.dh0.data != nullptr) {
            call.dh0(direction, row, unit) = narrow<T>(dh);
          }
          if (call.dc0.data != nullptr) {
            call.dc0(direction, row, unit) = narrow<T>(dc);
          }
        } else if (real) {
          FourGates<float> dz{};
          if (step < length) {
            dz = cell_step_backward<false>(saved, counted<1>(dh + saved.dy), dc);
            dc_state(direction, row, unit) = dc;
          }
          write_dz(call, direction, time_of(direction, length, step), row, unit, dz);
        }
      }
      sync_threads();  // before the stage is filled anew
    }
    if (step >= 0 && step < longest) {
      tell_blocks(flags, plan.blocks, direction, longest - step);
    }
  }
}

/// Whether rows of `count` elements that begin at multiples of `count` can be copied 16 bytes at a
/// time.
template <typename T>
bool is_wide(std::initializer_list<const void*> addresses, std::int64_t count) {
  return std::all_of(addresses.begin(), addresses.end(), [&](const void* address) {
    return vector_width<T>(address, count, count) == widest<T>;
  });
}

template <typename T, typename Call, typename Kernel>
void run(Stream& stream, const char* name, const Call& call, const GridPlan& plan, bool wide,
         Kernel kernel) {
  const Scratch<float> state(stream, call.directions * call.batch * call.hidden);
  const Scratch<std::uint32_t> flags(stream, call.directions * plan.blocks);
  launch(clear_flags,
         Launch{.kernel = "lstm.clear_flags",
                .stream = stream,
                .grid = dim3(blocks_for(flags.row().size, 256)),
                .block = dim3(256)},
         flags.row());
  const Batch<float> states{state.data(),
                            call.directions,
                            call.batch,
                            call.hidden,
                            call.batch * call.hidden,
                            call.hidden,
                            1};
  launch(kernel,
         Launch{.kernel = name,
                .stream = stream,
                .grid = dim3(static_cast<unsigned>(plan.blocks),
                             static_cast<unsigned>(call.directions)),
                .block = dim3(grid_threads),
                .shared_bytes = shared_bytes_of<T>(plan),
                .cooperative = true},
         call, plan, states, wide, flags.row());
}

template <typename T>
void forward_of(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  const LstmForward<T> call = forward_call<T>(in, out);
  const GridPlan plan = plan_for<T>(stream, call.hidden, call.directions, call.batch, false);
  run<T>(stream, "lstm.persistent_grid", call, plan,
         is_wide<T>({call.y.data, call.h0.data}, call.hidden), persistent_grid<T>);
}
template <typename T>
void backward_of(Stream& stream, const LstmBackwardViews& views) {
  const LstmBackward<T> call = backward_call<T>(views);
  const GridPlan plan = plan_for<T>(stream, call.hidden, call.directions, call.batch, true);
  run<T>(stream, "lstm.persistent_grid_backward", call, plan,
         is_wide<T>({call.dz.data}, 4 * call.hidden), persistent_grid_backward<T>);
}

}  // namespace

bool persistent_grid_fits(const Stream& stream, std::int64_t hidden, std::int64_t directions,
                          DType dtype) {
  // Backward stages longer rows: what it can do, forward can.
  if (dtype == DType::f32) {
    return plan_for<float>(stream, hidden, directions, 1, true).units > 0;
  }
  return dtype == DType::bf16 && plan_for<bf16>(stream, hidden, directions, 1, true).units > 0;
}

void persistent_grid_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  if (!persistent_grid_fits(stream, in.weight_hidden.size(2), in.weight_hidden.size(0),
                            in.x.dtype)) {
    fused_forward(stream, in, out);
  } else if (in.x.dtype == DType::bf16) {
    forward_of<bf16>(stream, in, out);
  } else {
    forward_of<float>(stream, in, out);
  }
}

void persistent_grid_backward(Stream& stream, const LstmBackwardViews& views) {
  if (!persistent_grid_fits(stream, views.in.weight_hidden.size(2), views.in.weight_hidden.size(0),
                            views.dz.dtype)) {
    fused_backward(stream, views);
  } else if (views.dz.dtype == DType::bf16) {
    backward_of<bf16>(stream, views);
  } else {
    backward_of<float>(stream, views);
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
