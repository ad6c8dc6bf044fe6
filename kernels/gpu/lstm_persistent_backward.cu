// LSTM, persistent_block, backward: as forward (lstm_persistent.cu), with R in its other direction.
//
//   dz_t out of what arrives at h_t and c_t (lstm_cell.h), then   dh_{t−1} = Rᵀ dz_t,  [4H] → [H]
//
// dz of the step goes to memory, where the products after the loop read it, and to shared memory,
// where all of the block's threads read it: the sum for a unit runs over 4H numbers. Sixteen lanes
// share four units. Lane p has the weights of the four units for the quads j = 4·(16c + p) … of dz,
// so that one 16-byte load serves 16 multiplications again; afterwards the sums change lanes until
// each lane holds one unit of one row, and dh and dc of that unit stay in its registers.

#include "kernels/gpu/lstm_block.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// grid (⌈B / rows⌉, D), block 4·hidden_most; shared: the quads of R that registers do not hold,
/// and 2·rows·4H floats. Reads R once; per step and row 4H gates, 2H of c and H of dy; writes 4H of
/// dz.
template <typename Shape, int rows>
__global__ void __launch_bounds__(Shape::threads)
    persistent_block_backward(LstmBackward<typename Shape::Storage> call) {
  using T = typename Shape::Storage;
  using Quad = WeightQuad<T>;
  constexpr int width = 4 * Shape::hidden_most;
  auto& shared = shared_memory<BlockShared<Shape, rows, width>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int part = thread % 16;
  const int first_unit = thread / 16 * 4;
  const int direction = static_cast<int>(blockIdx.y);
  const int first = static_cast<int>(blockIdx.x) * rows;
  const int longest = longest_of<rows>(call, first);

  // R, once. Number j of dz is gate j / hidden_most of unit j % hidden_most.
  const Matrix<const T> weights = call.weight_hidden.matrix(direction);
  const auto quad_of = [&](int chunk, int u) {
    return Quad::from([&](int i) {
      const int j = (chunk * 16 + part) * 4 + i;
      const std::int64_t gate = j / Shape::hidden_most;
      const std::int64_t from = j % Shape::hidden_most;
      return first_unit + u < call.hidden && from < call.hidden
                 ? weights(gate * call.hidden + from, first_unit + u)
                 : T(0.0f);
    });
  };
  Quad kept[Shape::kept][4];
  HEDDLE_UNROLL
  for (int chunk = 0; chunk < Shape::kept; ++chunk) {
    HEDDLE_UNROLL
    for (int u = 0; u < 4; ++u) {
      kept[chunk][u] = quad_of(chunk, u);
    }
  }
  for (int chunk = 0; chunk < Shape::spilled; ++chunk) {
    for (int u = 0; u < 4; ++u) {
      shared.weights(chunk * 4 + u, thread) = quad_of(Shape::kept + chunk, u);
    }
  }

  // After the sums have changed lanes: bits 0 and 1 of `part` are the unit, bits 3 and 2 the row.
  const int unit = first_unit + part % 4;
  const int mine = part / 4 * rows / 4;
  const int row = first + mine;
  const bool owner = part / 4 % (4 / rows) == 0;
  const bool real = owner && unit < call.hidden && row < call.batch;
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
  sync_threads();

  for (int step = longest - 1; step >= 0; --step) {
    const int now = step % 2;
    const SavedStep<float> saved = next;
    if (step > 0 && step <= length) {  // on its way while this step is computed
      next = read_step(call, direction, length, step - 1, row, unit);
    }
    FourGates<float> dz{};
    if (step < length) {
      dz = cell_step_backward<false>(saved, counted<1>(dh + saved.dy), dc);
      write_dz(call, direction, time_of(direction, length, step), row, unit, dz);
    }
    if (owner) {
      HEDDLE_UNROLL
      for (int gate = 0; gate < 4; ++gate) {
        shared.vector(now, mine, gate * Shape::hidden_most + unit) = dz[gate];
      }
    }
    sync_threads();

    float sums[4 * rows] = {};  // [unit][row]
    const auto add_chunk = [&](int chunk, const Quad(&quads)[4]) {
      const Vector<float, 4> factors[4] = {quads[0].numbers(), quads[1].numbers(),
                                           quads[2].numbers(), quads[3].numbers()};
      HEDDLE_UNROLL
      for (int r = 0; r < rows; ++r) {
        const Vector<float, 4> part_of_dz =
            load_shared<4>(shared.vector.address(now, r, (chunk * 16 + part) * 4));
        HEDDLE_UNROLL
        for (int u = 0; u < 4; ++u) {
          sums[u * rows + r] = add_products(factors[u], part_of_dz, sums[u * rows + r]);
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
    halve_sums<2 * rows>(sums, (part & 2) != 0, 2);
    halve_sums<rows>(sums, (part & 1) != 0, 1);
    if constexpr (rows == 4) {
      halve_sums<2>(sums, (part & 8) != 0, 8);
      halve_sums<1>(sums, (part & 4) != 0, 4);
    } else if constexpr (rows == 2) {
      halve_sums<1>(sums, (part & 8) != 0, 8);
      add_sums<1>(sums, 4);
    } else {
      add_sums<1>(sums, 8);
      add_sums<1>(sums, 4);
    }
    if (step < length) {
      dh = sums[0];
    }
  }

  if (real && call.dh0.data != nullptr) {
    call.dh0(direction, row, unit) = narrow<T>(dh);
  }
  if (real && call.dc0.data != nullptr) {
    call.dc0(direction, row, unit) = narrow<T>(dc);
  }
}

template <typename T>
void run(Stream& stream, const LstmBackwardViews& views) {
  const LstmBackward<T> call = backward_call<T>(views);
  with_block_shape<T>(call.hidden, [&](auto shape) {
    with_block_rows(stream, call.batch, call.directions, [&](auto row_count) {
      using Shape = decltype(shape);
      constexpr int rows = decltype(row_count)::value;
      launch(
          persistent_block_backward<Shape, rows>,
          Launch{.kernel = "lstm.persistent_block_backward",
                 .stream = stream,
                 .grid = dim3(blocks_for(call.batch, rows), static_cast<unsigned>(call.directions)),
                 .block = dim3(Shape::threads),
                 .shared_bytes = sizeof(BlockShared<Shape, rows, 4 * Shape::hidden_most>)},
          call);
    });
  });
}

}  // namespace

void persistent_block_backward(Stream& stream, const LstmBackwardViews& views) {
  if (!persistent_block_fits(stream, views.in.weight_hidden.size(2), views.dz.dtype)) {
    fused_backward(stream, views);
  } else if (views.dz.dtype == DType::bf16) {
    run<bf16>(stream, views);
  } else {
    run<float>(stream, views);
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
