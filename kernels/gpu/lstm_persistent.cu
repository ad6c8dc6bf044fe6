// LSTM, persistent_block, forward: one launch for all steps.
//
// Rows of the batch know nothing of each other, so a block that owns some rows and all of R (4H·H
// numbers, one direction) needs nobody else: a step ends with a barrier of the block. R is read
// once and stays in registers and shared memory; h goes from step to step through shared memory.
//
// Four lanes share a hidden unit. Lane p has the weights of all four gates for the quads k = 4·(4c
// + p) … of h, so one 16-byte load of h serves 16 multiplications, and the four lanes of a unit
// read 64 neighbouring bytes. Afterwards the sums change lanes so that lane p holds the four gates
// of row p and applies the cell to them: c never leaves its register.
//
// Backward: lstm_persistent_backward.cu. Sizes: lstm_block.h.

#include "kernels/gpu/lstm_block.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// grid (⌈B / rows⌉, D), block 4·hidden_most; shared: the quads of R that registers do not hold
/// (f32, H = 128: 160 KB), and 2·rows·H floats.
/// Reads R once; per step and row 4H of W x, writes 4H gates, H of c and h. With H = 128 in f32 and
/// four rows a step has 2048 cycles of multiplications, beside which 1280 cycles of R from shared
/// memory run; with one row 512 and the same 1280.
/// Gains: no launches and no R from memory in the loop. Loses: 4H² numbers must fit on one
/// multiprocessor, H ≤ 128 in f32 and 192 in bf16; larger ones, and f64, go to fused_cell.
template <typename Shape, int rows>
__global__ void __launch_bounds__(Shape::threads)
    persistent_block(LstmForward<typename Shape::Storage> call) {
  using T = typename Shape::Storage;
  using Quad = WeightQuad<T>;
  constexpr int width = Shape::hidden_most;
  auto& shared = shared_memory<BlockShared<Shape, rows, width>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int part = thread % 4;
  const int unit = thread / 4;
  const int direction = static_cast<int>(blockIdx.y);
  const int first = static_cast<int>(blockIdx.x) * rows;
  const int longest = longest_of<rows>(call, first);

  // R, once.
  const Matrix<const T> weights = call.weight_hidden.matrix(direction);
  const auto quad_of = [&](int chunk, int gate) {
    return Quad::from([&](int i) {
      const std::int64_t k = (chunk * 4 + part) * 4 + i;
      return unit < call.hidden && k < call.hidden ? weights(gate * call.hidden + unit, k)
                                                   : T(0.0f);
    });
  };
  Quad kept[Shape::kept][4];
  HEDDLE_UNROLL
  for (int chunk = 0; chunk < Shape::kept; ++chunk) {
    HEDDLE_UNROLL
    for (int gate = 0; gate < 4; ++gate) {
      kept[chunk][gate] = quad_of(chunk, gate);
    }
  }
  for (int chunk = 0; chunk < Shape::spilled; ++chunk) {
    for (int gate = 0; gate < 4; ++gate) {
      shared.weights(chunk * 4 + gate, thread) = quad_of(Shape::kept + chunk, gate);
    }
  }

  // After the sums have changed lanes this one has row `mine`; with fewer than four rows some lanes
  // have the same one, and the first of them is its owner.
  const int mine = part * rows / 4;
  const int row = first + mine;
  const bool owner = part % (4 / rows) == 0;
  const bool real = owner && unit < call.hidden && row < call.batch;
  const int length = real ? static_cast<int>(call.lengths[row]) : 0;
  float c = real ? initial(call.c0, direction, row, unit) : 0.0f;
  float h = real ? initial(call.h0, direction, row, unit) : 0.0f;
  if (owner) {
    shared.vector(0, mine, unit) = h;
  }
  FourGates<float> next{};
  if (Shape::reads_ahead && length > 0) {
    next = input_part(call, direction, time_of(direction, length, 0), row, unit);
  }
  sync_threads();

  for (int step = 0; step < longest; ++step) {
    const int now = step % 2;
    FourGates<float> z = next;
    if constexpr (!Shape::reads_ahead) {
      if (step < length) {  // on its way during the product
        z = input_part(call, direction, time_of(direction, length, step), row, unit);
      }
    } else if (step + 1 < length) {
      next = input_part(call, direction, time_of(direction, length, step + 1), row, unit);
    }
    float sums[rows * 4] = {};
    const auto add_chunk = [&](int chunk, const Quad(&quads)[4]) {
      const Vector<float, 4> factors[4] = {quads[0].numbers(), quads[1].numbers(),
                                           quads[2].numbers(), quads[3].numbers()};
      HEDDLE_UNROLL
      for (int r = 0; r < rows; ++r) {
        const Vector<float, 4> part_of_h =
            load_shared<4>(shared.vector.address(now, r, (chunk * 4 + part) * 4));
        HEDDLE_UNROLL
        for (int gate = 0; gate < 4; ++gate) {
          sums[r * 4 + gate] = add_products(factors[gate], part_of_h, sums[r * 4 + gate]);
        }
      }
    };
    HEDDLE_UNROLL
    for (int chunk = 0; chunk < Shape::kept; ++chunk) {
      add_chunk(chunk, kept[chunk]);
    }
    HEDDLE_UNROLL
    for (int chunk = 0; chunk < Shape::spilled; ++chunk) {
      const Quad quads[4] = {
          shared.weights(chunk * 4, thread), shared.weights(chunk * 4 + 1, thread),
          shared.weights(chunk * 4 + 2, thread), shared.weights(chunk * 4 + 3, thread)};
      add_chunk(Shape::kept + chunk, quads);
    }
    if constexpr (rows == 4) {
      halve_sums<8>(sums, (part & 2) != 0, 2);
      halve_sums<4>(sums, (part & 1) != 0, 1);
    } else if constexpr (rows == 2) {
      halve_sums<4>(sums, (part & 2) != 0, 2);
      add_sums<4>(sums, 1);
    } else {
      add_sums<4>(sums, 2);
      add_sums<4>(sums, 1);
    }

    if (step < length) {
      HEDDLE_UNROLL
      for (int gate = 0; gate < 4; ++gate) {
        counted<1>(z[gate] += sums[gate]);
      }
      CellStep<float> cell = cell_step<false>(z, c);
      c = cell.c;
      h = stored<T>(cell.h);
      write_step(call, direction, time_of(direction, length, step), row, unit, cell);
    }
    if (owner) {
      shared.vector(1 - now, mine, unit) = h;
    }
    sync_threads();
  }

  if (real) {
    for (int step = length; step < call.time; ++step) {
      call.y(step, row, direction * call.hidden + unit) = T(0.0f);
    }
    call.h_n(direction, row, unit) = narrow<T>(h);
    call.c_n(direction, row, unit) = narrow<T>(c);
  }
}

template <typename T>
void run(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  const LstmForward<T> call = forward_call<T>(in, out);
  with_block_shape<T>(call.hidden, [&](auto shape) {
    with_block_rows(stream, call.batch, call.directions, [&](auto row_count) {
      using Shape = decltype(shape);
      constexpr int rows = decltype(row_count)::value;
      launch(
          persistent_block<Shape, rows>,
          Launch{.kernel = "lstm.persistent_block",
                 .stream = stream,
                 .grid = dim3(blocks_for(call.batch, rows), static_cast<unsigned>(call.directions)),
                 .block = dim3(Shape::threads),
                 .shared_bytes = sizeof(BlockShared<Shape, rows, Shape::hidden_most>)},
          call);
    });
  });
}

}  // namespace

bool persistent_block_fits(const Stream& stream, std::int64_t hidden, DType dtype) {
  const DeviceLimits limits = limits_of(stream);
  std::size_t needed = 0;
  const auto shared_of = [&](auto shape) {
    needed = sizeof(BlockShared<decltype(shape), 4, 4 * decltype(shape)::hidden_most>);
  };
  if (dtype == DType::f32 && hidden <= 128) {
    with_block_shape<float>(hidden, shared_of);
  } else if (dtype == DType::bf16 && hidden <= 192) {
    with_block_shape<bf16>(hidden, shared_of);
  } else {
    return false;
  }
  return needed <= limits.shared_bytes;
}

void persistent_block_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  if (!persistent_block_fits(stream, in.weight_hidden.size(2), in.x.dtype)) {
    fused_forward(stream, in, out);
  } else if (in.x.dtype == DType::bf16) {
    run<bf16>(stream, in, out);
  } else {
    run<float>(stream, in, out);
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
