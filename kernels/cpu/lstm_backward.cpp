#include <algorithm>
#include <array>
#include <vector>

#include "core/parallel.h"
#include "kernels/cpu/lstm_gradients.h"
#include "kernels/cpu/lstm_plan.h"
#include "kernels/cpu/lstm_weights.h"
#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/cpu/wide_loop.h"

// Each tile of the plan runs backward through time by itself, in runs of steps: the steps of a run
// leave dz, the gradients before the nonlinearities, and while these are in the cache they are
// multiplied into the gradients of x and of the weights, about a hundred rows at once. So dz is
// never stored for all of time.

namespace heddle::cpu {
namespace {

constexpr std::int64_t rows_per_run = 128;

/// The rows of one run, latest step first; those of the very first step come last.
template <typename T>
struct RunRows {
  std::array<const T*, rows_per_run> dz, x, h_before;
  std::array<T*, rows_per_run> dx;
  std::int64_t count = 0;
  std::int64_t with_h_before = 0;  // rows whose state before was not just zeros
};

/// What one thread needs while it runs.
template <typename T>
struct Workspace {
  explicit Workspace(std::int64_t hidden)
      : dh(LstmPlan::most_rows * hidden),
        dc(LstmPlan::most_rows * hidden),
        dz(rows_per_run * 4 * hidden),
        run_dbias(4 * hidden) {}

  Scratch<T> dh, dc;  // carried from step to step, [rows, hidden]
  Scratch<T> dz;      // of one run, [rows, 4·hidden]
  Scratch<T> run_dbias;
};

template <typename T>
struct Backward {
  const LstmPlan& plan;
  const LstmInputs& in;
  const LstmSaved& saved;
  const LstmOutputGradients& from;
  const LstmInputGradients& to;
  const LstmWeights<T>& hidden_weights;
  const LstmWeights<T>& input_weights;  // empty where dx is not wanted
  const LstmGradients<T>& gradients;
  const T* zeros;  // [hidden]

  /// Row of h0, c0, h_n or c_n.
  std::int64_t state(std::int64_t direction, std::int64_t row) const {
    return (direction * plan.sizes.batch + row) * plan.sizes.hidden;
  }
  /// Row of y or dy.
  std::int64_t side(std::int64_t direction, std::int64_t time, std::int64_t row) const {
    return ((time * plan.sizes.batch + row) * plan.sizes.directions + direction) *
           plan.sizes.hidden;
  }

  void run_group(std::int64_t group) const;
  void run_tile(const LstmTile& tile, std::int64_t group, const Workspace<T>& space) const;
  void step(const LstmTile& tile, std::int64_t step, const Workspace<T>& space,
            RunRows<T>& rows) const;
  void products(const LstmTile& tile, std::int64_t group, const RunRows<T>& rows) const;
  /// What comes in from h_n or c_n, and what goes out to h0 or c0.
  void begin(const LstmTile& tile, const ConstView& gradient, T* carried) const;
  void finish(const LstmTile& tile, const View& gradient, const T* carried) const;
};

/// One row of one step: dh_later (what later steps passed back) and dy give dz [4, hidden]; dc is
/// carried on; dz is added to dbias [4, hidden]. All other vectors [hidden].
template <typename T>
void gates_backward(std::int64_t hidden, const T* gates, const T* c_before, const T* c,
                    const T* dh_later, const T* dy, T* dc, T* dz, T* dbias) {
  const T* const i = gates;
  const T* const f = gates + hidden;
  const T* const g = gates + 2 * hidden;
  const T* const o = gates + 3 * hidden;
  T* const di = dz;
  T* const df = dz + hidden;
  T* const dg = dz + 2 * hidden;
  T* const d_o = dz + 3 * hidden;
  HEDDLE_INDEPENDENT
  for (std::int64_t j = 0; j < hidden; ++j) {
    const T dh = dh_later[j] + dy[j];
    const T squashed = vector_tanh(c[j]);
    const T into_c = dc[j] + dh * o[j] * (T(1) - squashed * squashed);
    d_o[j] = dh * squashed * o[j] * (T(1) - o[j]);
    di[j] = into_c * g[j] * i[j] * (T(1) - i[j]);
    dg[j] = into_c * i[j] * (T(1) - g[j] * g[j]);
    df[j] = into_c * c_before[j] * f[j] * (T(1) - f[j]);
    dc[j] = into_c * f[j];
  }
  HEDDLE_INDEPENDENT
  for (std::int64_t j = 0; j < 4 * hidden; ++j) {
    dbias[j] += dz[j];
  }
}

template <typename T>
void Backward<T>::begin(const LstmTile& tile, const ConstView& gradient, T* carried) const {
  const std::int64_t hidden = plan.sizes.hidden;
  for (std::int64_t i = 0; i < tile.count; ++i) {
    const T* const given =
        gradient.given ? gradient.pointer<T>() + state(tile.direction, plan.row(tile, i)) : zeros;
    std::copy_n(given, hidden, carried + i * hidden);
  }
}

template <typename T>
void Backward<T>::finish(const LstmTile& tile, const View& gradient, const T* carried) const {
  const std::int64_t hidden = plan.sizes.hidden;
  for (std::int64_t i = 0; gradient.given && i < tile.count; ++i) {
    std::copy_n(carried + i * hidden, hidden,
                gradient.pointer<T>() + state(tile.direction, plan.row(tile, i)));
  }
}

template <typename T>
void Backward<T>::run_group(std::int64_t group) const {
  const Workspace<T> space(plan.sizes.hidden);
  gradients.clear(group);
  for (std::int64_t tile = plan.first_tile(group); tile < plan.first_tile(group + 1); ++tile) {
    run_tile(plan.tiles[static_cast<std::size_t>(tile)], group, space);
  }
}

template <typename T>
void Backward<T>::run_tile(const LstmTile& tile, std::int64_t group,
                           const Workspace<T>& space) const {
  const std::int64_t unit = 4 * plan.sizes.hidden;
  begin(tile, from.dh_n, space.dh.data());
  begin(tile, from.dc_n, space.dc.data());
  const std::int64_t steps_per_run = rows_per_run / tile.count;
  for (std::int64_t end = plan.length(tile, 0); end > 0;) {
    const std::int64_t first = std::max<std::int64_t>(end - steps_per_run, 0);
    RunRows<T> rows;
    std::fill_n(space.run_dbias.data(), unit, T(0));
    while (end > first) {
      step(tile, --end, space, rows);
    }
    products(tile, group, rows);
    if (T* const dbias = gradients.dbias(group); dbias != nullptr) {
      for (std::int64_t j = 0; j < unit; ++j) {
        dbias[j] += space.run_dbias[j];
      }
    }
  }
  finish(tile, to.dh0, space.dh.data());
  finish(tile, to.dc0, space.dc.data());
}

template <typename T>
void Backward<T>::step(const LstmTile& tile, std::int64_t step, const Workspace<T>& space,
                       RunRows<T>& rows) const {
  const LstmSizes& sizes = plan.sizes;
  const std::int64_t hidden = sizes.hidden;
  const std::int64_t direction = tile.direction;
  const std::int64_t running = plan.running(tile, step);
  const std::int64_t back = direction == 0 ? -1 : 1;
  std::array<T*, LstmPlan::most_rows> dh_rows;
  const auto first = static_cast<std::size_t>(rows.count);
  for (std::int64_t i = 0; i < running; ++i) {
    const std::int64_t row = plan.row(tile, i);
    const std::int64_t time = LstmPlan::time_of(direction, plan.length(tile, i), step);
    const std::int64_t at = plan.saved_row(direction, time, row);
    const T* c_before = in.c0.given ? in.c0.pointer<T>() + state(direction, row) : zeros;
    const T* h_before = in.h0.given ? in.h0.pointer<T>() + state(direction, row) : zeros;
    if (step > 0) {
      c_before = saved.cells.pointer<T>() + plan.saved_row(direction, time + back, row) * hidden;
      h_before = saved.y.pointer<T>() + side(direction, time + back, row);
    }
    T* const dh = space.dh.data() + i * hidden;
    T* const dz = space.dz.data() + (rows.count + i) * 4 * hidden;
    run_widest([&] {
      gates_backward(hidden, saved.gates.pointer<T>() + at * 4 * hidden, c_before,
                     saved.cells.pointer<T>() + at * hidden, dh,
                     from.dy.pointer<T>() + side(direction, time, row),
                     space.dc.data() + i * hidden, dz, space.run_dbias.data());
    });
    const std::size_t place = first + static_cast<std::size_t>(i);
    rows.dz[place] = dz;
    rows.x[place] = in.x.pointer<T>() + (time * sizes.batch + row) * sizes.input;
    rows.h_before[place] = h_before;
    rows.dx[place] = gradients.dx(direction, time, row);
    dh_rows[static_cast<std::size_t>(i)] = dh;
  }
  rows.count += running;
  if (step > 0 || in.h0.given) {
    rows.with_h_before = rows.count;
  }
  if (step > 0 || to.dh0.given) {
    hidden_weights.of(direction).multiply(
        {rows.dz.data() + first, 0, 1, dh_rows.data(), 0, running}, false);
  }
}

template <typename T>
void Backward<T>::products(const LstmTile& tile, std::int64_t group, const RunRows<T>& rows) const {
  const LstmSizes& sizes = plan.sizes;
  if (T* const dweight = gradients.dweight_input(group); dweight != nullptr) {
    multiply_pairs<T>(rows.dz.data(), rows.x.data(), rows.count, true,
                      dense(dweight, 4 * sizes.hidden, sizes.input));
  }
  if (T* const dweight = gradients.dweight_hidden(group); dweight != nullptr) {
    multiply_pairs<T>(rows.dz.data(), rows.h_before.data(), rows.with_h_before, true,
                      dense(dweight, 4 * sizes.hidden, sizes.hidden));
  }
  if (to.dx.given) {
    input_weights.of(tile.direction)
        .multiply({rows.dz.data(), 0, 1, rows.dx.data(), 0, rows.count}, false);
  }
}

template <typename T>
void backward_typed(const LstmInputs& in, const LstmSaved& saved, const LstmOutputGradients& from,
                    const LstmInputGradients& to) {
  const LstmPlan plan(in);
  plan.check_saved(saved, dtype_of<T>());
  plan.check_gradients(from, to, dtype_of<T>());
  const LstmSizes& sizes = plan.sizes;
  LstmWeights<T> hidden_weights(sizes.directions, 4 * sizes.hidden, sizes.hidden);
  LstmWeights<T> input_weights(to.dx.given ? sizes.directions : 0, 4 * sizes.hidden, sizes.input);
  pack_weights<T>({{&hidden_weights, &in.weight_hidden}, {&input_weights, &in.weight_input}},
                  WeightUse::plain);
  const std::vector<T> zeros(static_cast<std::size_t>(sizes.hidden), T(0));
  const LstmGradients<T> gradients(plan, to);
  const Backward<T> backward{plan,          in,        saved,       from, to, hidden_weights,
                             input_weights, gradients, zeros.data()};
  parallel_for(plan.groups(), [&](std::int64_t group) { backward.run_group(group); });
  gradients.finish();
}

}  // namespace

void lstm_backward(Stream&, const LstmInputs& in, const LstmSaved& saved,
                   const LstmOutputGradients& from, const LstmInputGradients& to) {
  dispatch_floating(in.x.dtype, "lstm", [&](auto tag) {
    backward_typed<typename decltype(tag)::type>(in, saved, from, to);
  });
}

}  // namespace heddle::cpu
