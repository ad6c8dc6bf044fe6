#include <algorithm>
#include <vector>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/lstm_plan.h"
#include "kernels/cpu/lstm_weights.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/cpu/wide_loop.h"

// Each tile of the plan runs by itself. Its input products are lifted out of the loop over time in
// runs of steps, as one product of about a hundred rows, and written to where the gates will stand;
// the step then adds the recurrent product there and applies the gates while the rows are in the
// first cache. Nothing is copied: rows of every product are pointers into x, y and gates.

namespace heddle::cpu {
namespace {

constexpr std::int64_t rows_per_run = 96;  // of input products; × 4·hidden floats fit the L2 cache

template <typename T>
struct Forward {
  const LstmPlan& plan;
  const LstmInputs& in;
  const LstmOutputs& out;
  const LstmWeights<T>& input_weights;
  const LstmWeights<T>& hidden_weights;
  const T* zeros;  // [max(4·hidden, hidden)]

  T* gates(std::int64_t direction, std::int64_t time, std::int64_t row) const {
    return out.gates.pointer<T>() + plan.saved_row(direction, time, row) * 4 * plan.sizes.hidden;
  }
  T* cells(std::int64_t direction, std::int64_t time, std::int64_t row) const {
    return out.cells.pointer<T>() + plan.saved_row(direction, time, row) * plan.sizes.hidden;
  }
  T* y(std::int64_t direction, std::int64_t time, std::int64_t row) const {
    return out.y.pointer<T>() +
           ((time * plan.sizes.batch + row) * plan.sizes.directions + direction) *
               plan.sizes.hidden;
  }
  /// Row of h0, c0, h_n or c_n.
  std::int64_t state(std::int64_t direction, std::int64_t row) const {
    return (direction * plan.sizes.batch + row) * plan.sizes.hidden;
  }
  const T* initial(const ConstView& view, std::int64_t direction, std::int64_t row) const {
    return view.given ? view.pointer<T>() + state(direction, row) : zeros;
  }

  void run(const LstmTile& tile) const;
  void input_products(const LstmTile& tile, std::int64_t begin, std::int64_t end) const;
  void step(const LstmTile& tile, std::int64_t step) const;
  void finish(const LstmTile& tile) const;
};

/// z [4, hidden] with the bias still to be added becomes i, f, g, o; c and h follow.
template <typename T>
void apply_gates(std::int64_t hidden, const T* bias, const T* c_before, T* z, T* c, T* h) {
  HEDDLE_INDEPENDENT
  for (std::int64_t j = 0; j < 2 * hidden; ++j) {
    z[j] = vector_sigmoid(z[j] + bias[j]);
  }
  T* const g = z + 2 * hidden;
  HEDDLE_INDEPENDENT
  for (std::int64_t j = 0; j < hidden; ++j) {
    g[j] = vector_tanh(g[j] + bias[2 * hidden + j]);
  }
  T* const o = z + 3 * hidden;
  HEDDLE_INDEPENDENT
  for (std::int64_t j = 0; j < hidden; ++j) {
    o[j] = vector_sigmoid(o[j] + bias[3 * hidden + j]);
  }
  const T* const i = z;
  const T* const f = z + hidden;
  HEDDLE_INDEPENDENT
  for (std::int64_t j = 0; j < hidden; ++j) {
    c[j] = f[j] * c_before[j] + i[j] * g[j];
    h[j] = o[j] * vector_tanh(c[j]);
  }
}

template <typename T>
void Forward<T>::run(const LstmTile& tile) const {
  const std::int64_t steps = plan.length(tile, 0);
  const std::int64_t run = std::max<std::int64_t>(rows_per_run / tile.count, 1);
  for (std::int64_t begin = 0; begin < steps; begin += run) {
    const std::int64_t end = std::min(begin + run, steps);
    input_products(tile, begin, end);
    for (std::int64_t s = begin; s < end; ++s) {
      step(tile, s);
    }
  }
  finish(tile);
}

template <typename T>
void Forward<T>::input_products(const LstmTile& tile, std::int64_t begin, std::int64_t end) const {
  std::vector<const T*> from;
  std::vector<T*> to;
  for (std::int64_t s = begin; s < end; ++s) {
    const std::int64_t running = plan.running(tile, s);
    for (std::int64_t i = 0; i < running; ++i) {
      const std::int64_t row = plan.row(tile, i);
      const std::int64_t time = LstmPlan::time_of(tile.direction, plan.length(tile, i), s);
      from.push_back(in.x.pointer<T>() + (time * plan.sizes.batch + row) * plan.sizes.input);
      to.push_back(gates(tile.direction, time, row));
    }
  }
  input_weights.of(tile.direction)
      .multiply({from.data(), 0, 1, to.data(), 0, static_cast<std::int64_t>(to.size())}, false);
}

template <typename T>
void Forward<T>::step(const LstmTile& tile, std::int64_t step) const {
  const std::int64_t direction = tile.direction;
  const std::int64_t running = plan.running(tile, step);
  const T* h_before[LstmPlan::most_rows];
  T* z[LstmPlan::most_rows];
  const std::int64_t back = direction == 0 ? -1 : 1;
  for (std::int64_t i = 0; i < running; ++i) {
    const std::int64_t row = plan.row(tile, i);
    const std::int64_t time = LstmPlan::time_of(direction, plan.length(tile, i), step);
    h_before[i] = step > 0 ? y(direction, time + back, row) : initial(in.h0, direction, row);
    z[i] = gates(direction, time, row);
  }
  if (step > 0 || in.h0.given) {
    hidden_weights.of(direction).multiply({h_before, 0, 1, z, 0, running}, true);
  }
  const std::int64_t hidden = plan.sizes.hidden;
  const T* const bias = in.bias.given ? in.bias.pointer<T>() + direction * 4 * hidden : zeros;
  for (std::int64_t i = 0; i < running; ++i) {
    const std::int64_t row = plan.row(tile, i);
    const std::int64_t time = LstmPlan::time_of(direction, plan.length(tile, i), step);
    const T* const c_before =
        step > 0 ? cells(direction, time + back, row) : initial(in.c0, direction, row);
    run_widest([&] {
      apply_gates(hidden, bias, c_before, z[i], cells(direction, time, row),
                  y(direction, time, row));
    });
  }
}

/// The states after the last step, and zeros in y beyond each row's length.
template <typename T>
void Forward<T>::finish(const LstmTile& tile) const {
  const std::int64_t hidden = plan.sizes.hidden;
  for (std::int64_t i = 0; i < tile.count; ++i) {
    const std::int64_t row = plan.row(tile, i);
    const std::int64_t length = plan.length(tile, i);
    const T* h = initial(in.h0, tile.direction, row);
    const T* c = initial(in.c0, tile.direction, row);
    if (length > 0) {
      const std::int64_t last = LstmPlan::time_of(tile.direction, length, length - 1);
      h = y(tile.direction, last, row);
      c = cells(tile.direction, last, row);
    }
    std::copy_n(h, hidden, out.h_n.pointer<T>() + state(tile.direction, row));
    std::copy_n(c, hidden, out.c_n.pointer<T>() + state(tile.direction, row));
    for (std::int64_t time = length; time < plan.sizes.time; ++time) {
      std::fill_n(y(tile.direction, time, row), hidden, T(0));
    }
  }
}

template <typename T>
void forward_typed(const LstmInputs& in, const LstmOutputs& out) {
  const LstmPlan plan(in);
  plan.check_outputs(out, dtype_of<T>());
  const LstmSizes& sizes = plan.sizes;
  LstmWeights<T> input_weights(sizes.directions, sizes.input, 4 * sizes.hidden);
  LstmWeights<T> hidden_weights(sizes.directions, sizes.hidden, 4 * sizes.hidden);
  pack_weights<T>({{&input_weights, &in.weight_input}, {&hidden_weights, &in.weight_hidden}},
                  WeightUse::transposed);
  const std::vector<T> zeros(static_cast<std::size_t>(4 * sizes.hidden), T(0));
  const Forward<T> forward{plan, in, out, input_weights, hidden_weights, zeros.data()};
  parallel_for(static_cast<std::int64_t>(plan.tiles.size()),
               [&](std::int64_t tile) { forward.run(plan.tiles[static_cast<std::size_t>(tile)]); });
}

void lstm_forward(Stream&, const LstmInputs& in, const LstmOutputs& out) {
  dispatch_floating(in.x.dtype, "lstm",
                    [&](auto tag) { forward_typed<typename decltype(tag)::type>(in, out); });
}

}  // namespace

LstmKernels lstm_kernels() { return {.forward = lstm_forward, .backward = lstm_backward}; }

}  // namespace heddle::cpu
