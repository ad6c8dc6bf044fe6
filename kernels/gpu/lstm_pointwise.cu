// LSTM, version pointwise_steps: the formulas as they stand (lstm_steps.h).
//
// Two products per step, then one kernel for each function. A step is about a dozen launches, and
// z, c and h travel to memory and back between them; with B·H of some thousands the launches are
// all that is seen.

#include "kernels/gpu/lstm_steps.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

// Functions of the forward steps. z [D, B, 4H]; h, c and their like [D, B, H].

/// x of each row's own time, zeros where it has ended: [D, B, I].
template <typename T>
struct ReadInput {
  Batch<const T> x;
  Lengths lengths;
  std::int64_t step;
  Row<T> to;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, x.rows, x.cols);
    const std::int64_t length = lengths[at.row];
    to(i) = step < length ? x(time_of(at.direction, length, step), at.row, at.unit) : T(0.0f);
  }
};
template <typename T>
struct AddBias {
  Matrix<const T> bias;
  std::int64_t batch;
  Row<T> z;

  __device__ void operator()(std::int64_t i) const {
    const T before = z(i);
    z(i) = narrow<T>(
        counted<1>(widen<T>(before) + widen<T>(bias(i / (batch * bias.cols), i % bias.cols))));
  }
};
template <typename T>
struct SigmoidOfGates {  // of i, f and o
  std::int64_t hidden;
  Row<T> z;

  __device__ void operator()(std::int64_t i) const {
    if (i / hidden % 4 != 2) {
      const T before = z(i);
      z(i) = narrow<T>(sigmoid_of(widen<T>(before)));
    }
  }
};
template <typename T>
struct TanhOfGate {  // of g
  std::int64_t hidden;
  Row<T> z;

  __device__ void operator()(std::int64_t i) const {
    if (i / hidden % 4 == 2) {
      const T before = z(i);
      z(i) = narrow<T>(tanh_of(widen<T>(before)));
    }
  }
};
/// out = gates[gate] · factor, over units; adds where `accumulate`.
template <typename T, typename Out>
struct GateTimes {
  std::int64_t batch, hidden;
  Row<const T> gates;
  int gate;
  Row<const accumulate_t<T>> factor;
  bool accumulate;
  Row<Out> out;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, batch, hidden);
    accumulate_t<T> value =
        counted<1>(widen<T>(gates(at.of_gate(gate, batch, hidden))) * factor(i));
    if (accumulate) {
      const Out before = out(i);
      counted<1>(value += widen<Out>(before));
    }
    out(i) = static_cast<Out>(value);
  }
};
/// A gate by itself, over units.
template <typename T>
struct OneGate {
  std::int64_t batch, hidden;
  Row<const T> gates;
  int gate;
  Row<accumulate_t<T>> to;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, batch, hidden);
    to(i) = widen<T>(gates(at.of_gate(gate, batch, hidden)));
  }
};
template <typename A>
struct TanhOfCell {
  Row<const A> c;
  Row<A> squashed;

  __device__ void operator()(std::int64_t i) const {
    const A value = c(i);
    squashed(i) = tanh_of(value);
  }
};
template <typename T>
struct WriteStep {
  LstmForward<T> call;
  std::int64_t step;
  Row<const T> gates, h;
  Row<const accumulate_t<T>> c;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, call.batch, call.hidden);
    const std::int64_t length = call.lengths[at.row];
    if (step >= length) {
      call.y(step, at.row, at.direction * call.hidden + at.unit) = T(0.0f);
      return;
    }
    CellStep<accumulate_t<T>> now;
    for (int gate = 0; gate < 4; ++gate) {
      now.gates[gate] = widen<T>(gates(at.of_gate(gate, call.batch, call.hidden)));
    }
    now.c = c(i);
    now.h = widen<T>(h(i));
    write_step(call, at.direction, time_of(at.direction, length, step), at.row, at.unit, now);
    if (step + 1 == length) {
      call.h_n(at.direction, at.row, at.unit) = narrow<T>(now.h);
      call.c_n(at.direction, at.row, at.unit) = narrow<T>(now.c);
    }
  }
};

// Functions of the backward steps.

/// What was saved of the step, and what arrives at h and c; all zeros where the row has ended.
template <typename T>
struct ReadStep {
  using A = accumulate_t<T>;
  LstmBackward<T> call;
  std::int64_t step;
  Row<T> gates;
  Row<A> c, c_before;
  Row<const T> dh;
  Row<A> into_h, dc;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, call.batch, call.hidden);
    const std::int64_t length = call.lengths[at.row];
    SavedStep<A> saved{};
    A arrives{0};
    A into_c{0};
    if (step < length) {
      saved = read_step(call, at.direction, length, step, at.row, at.unit);
      const bool last = step + 1 == length;
      arrives = counted<1>(
          (last ? initial(call.dh_n, at.direction, at.row, at.unit) : widen<T>(dh(i))) + saved.dy);
      into_c = last ? initial(call.dc_n, at.direction, at.row, at.unit) : static_cast<A>(dc(i));
    }
    for (int gate = 0; gate < 4; ++gate) {
      gates(at.of_gate(gate, call.batch, call.hidden)) = narrow<T>(saved.gates[gate]);
    }
    c(i) = saved.c;
    c_before(i) = saved.c_before;
    into_h(i) = arrives;
    dc(i) = into_c;
  }
};
/// dc += dh o (1 − tanh²c), and d_o = dh tanh(c).
template <typename T>
struct ThroughHidden {
  using A = accumulate_t<T>;
  std::int64_t batch, hidden;
  Row<const T> gates;
  Row<const A> into_h, squashed;
  Row<A> dc;
  Row<T> dz;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, batch, hidden);
    const A dh = into_h(i);
    const A s = squashed(i);
    dc(i) += counted<4>(dh * widen<T>(gates(at.of_gate(3, batch, hidden))) * (A{1} - s * s));
    dz(at.of_gate(3, batch, hidden)) = narrow<T>(counted<1>(dh * s));
  }
};
/// di = dc g, df = dc c_before, dg = dc i, then dc = dc f.
template <typename T>
struct ThroughCell {
  using A = accumulate_t<T>;
  std::int64_t batch, hidden;
  Row<const T> gates;
  Row<const A> c_before;
  Row<A> dc;
  Row<T> dz;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, batch, hidden);
    const A into_c = dc(i);
    dz(at.of_gate(0, batch, hidden)) =
        narrow<T>(counted<1>(into_c * widen<T>(gates(at.of_gate(2, batch, hidden)))));
    dz(at.of_gate(1, batch, hidden)) = narrow<T>(counted<1>(into_c * c_before(i)));
    dz(at.of_gate(2, batch, hidden)) =
        narrow<T>(counted<1>(into_c * widen<T>(gates(at.of_gate(0, batch, hidden)))));
    dc(i) = counted<1>(into_c * widen<T>(gates(at.of_gate(1, batch, hidden))));
  }
};
/// dz = d · σ′ or d · tanh′.
template <typename T>
struct ThroughGates {
  std::int64_t hidden;
  Row<const T> gates;
  Row<T> dz;

  __device__ void operator()(std::int64_t i) const {
    using A = accumulate_t<T>;
    const A gate = widen<T>(gates(i));
    const T before = dz(i);
    const A slope =
        i / hidden % 4 == 2 ? counted<2>(A{1} - gate * gate) : counted<2>(gate * (A{1} - gate));
    dz(i) = narrow<T>(counted<1>(widen<T>(before) * slope));
  }
};
template <typename T>
struct WriteDz {
  LstmBackward<T> call;
  std::int64_t step;
  Row<const T> dz;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, call.batch, 4 * call.hidden);
    const std::int64_t time = time_of(at.direction, call.lengths[at.row], step);
    call.dz(at.direction, time, at.row, at.unit) = dz(i);
  }
};

/// 11 to 12 launches per step. Reads R and W whole in every step.
template <typename T>
void pointwise_forward_of(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  using A = accumulate_t<T>;
  const LstmSizes sizes = sizes_of(in);
  const LstmForward<T> call = forward_call<T>(in, out);
  const std::int64_t units = sizes.directions * sizes.batch * sizes.hidden;
  const Scratch<T> x(stream, sizes.directions * sizes.batch * sizes.input);
  const Scratch<T> z(stream, 4 * units);
  const Scratch<T> h(stream, units);
  const Scratch<A> c(stream, units);
  const Scratch<A> factor(stream, units);
  const View x_view = states_view(x, in.x.dtype, stream, sizes, sizes.input);
  const View z_view = states_view(z, in.x.dtype, stream, sizes, 4 * sizes.hidden);
  const View h_view = states_view(h, in.x.dtype, stream, sizes, sizes.hidden);
  run_pointwise(stream, "lstm.begin", units, BeginForward<T>{call, h.row(), c.row()});
  for (std::int64_t step = 0; step < sizes.time; ++step) {
    run_pointwise(stream, "lstm.read_input", x.row().size,
                  ReadInput<T>{batch_of<T>(in.x), call.lengths, step, x.row()});
    product(stream, x_view, transposed(in.weight_input), false, z_view);
    product(stream, h_view, transposed(in.weight_hidden), true, z_view);
    if (in.bias.given) {
      run_pointwise(stream, "lstm.add_bias", 4 * units,
                    AddBias<T>{call.bias, sizes.batch, z.row()});
    }
    run_pointwise(stream, "lstm.sigmoid", 4 * units, SigmoidOfGates<T>{sizes.hidden, z.row()});
    run_pointwise(stream, "lstm.tanh", 4 * units, TanhOfGate<T>{sizes.hidden, z.row()});
    const auto times = [&](int gate, const Scratch<A>& by, bool accumulate, auto to) {
      run_pointwise(stream, "lstm.multiply", units,
                    GateTimes<T, std::remove_pointer_t<decltype(to.data)>>{
                        sizes.batch, sizes.hidden, reading(z), gate, reading(by), accumulate, to});
    };
    run_pointwise(stream, "lstm.gate", units,
                  OneGate<T>{sizes.batch, sizes.hidden, reading(z), 2, factor.row()});
    times(1, c, false, c.row());
    times(0, factor, true, c.row());
    run_pointwise(stream, "lstm.tanh", units, TanhOfCell<A>{reading(c), factor.row()});
    times(3, factor, false, h.row());
    run_pointwise(stream, "lstm.write_step", units,
                  WriteStep<T>{call, step, reading(z), reading(h), reading(c)});
  }
}

/// 7 launches per step.
template <typename T>
void pointwise_backward_of(Stream& stream, const LstmBackwardViews& views) {
  using A = accumulate_t<T>;
  const LstmSizes sizes = sizes_of(views.in);
  const LstmBackward<T> call = backward_call<T>(views);
  const std::int64_t units = sizes.directions * sizes.batch * sizes.hidden;
  const Scratch<T> gates(stream, 4 * units);
  const Scratch<T> dz(stream, 4 * units);
  const Scratch<T> dh(stream, units);
  const Scratch<A> c(stream, units);
  const Scratch<A> c_before(stream, units);
  const Scratch<A> into_h(stream, units);
  const Scratch<A> dc(stream, units);
  const Scratch<A> squashed(stream, units);
  const View dz_view = states_view(dz, views.dz.dtype, stream, sizes, 4 * sizes.hidden);
  const View dh_view = states_view(dh, views.dz.dtype, stream, sizes, sizes.hidden);
  for (std::int64_t step = sizes.time - 1; step >= 0; --step) {
    run_pointwise(stream, "lstm.read_step", units,
                  ReadStep<T>{call, step, gates.row(), c.row(), c_before.row(), reading(dh),
                              into_h.row(), dc.row()});
    run_pointwise(stream, "lstm.tanh", units, TanhOfCell<A>{reading(c), squashed.row()});
    run_pointwise(stream, "lstm.through_hidden", units,
                  ThroughHidden<T>{sizes.batch, sizes.hidden, reading(gates), reading(into_h),
                                   reading(squashed), dc.row(), dz.row()});
    run_pointwise(stream, "lstm.through_cell", units,
                  ThroughCell<T>{sizes.batch, sizes.hidden, reading(gates), reading(c_before),
                                 dc.row(), dz.row()});
    run_pointwise(stream, "lstm.through_gates", 4 * units,
                  ThroughGates<T>{sizes.hidden, reading(gates), dz.row()});
    run_pointwise(stream, "lstm.write_dz", 4 * units, WriteDz<T>{call, step, reading(dz)});
    product(stream, dz_view, views.in.weight_hidden, false, dh_view);
  }
  run_pointwise(stream, "lstm.finish", units, FinishBackward<T>{call, reading(dh), reading(dc)});
}

}  // namespace

void pointwise_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  dispatch_storage(in.x.dtype, "lstm", [&](auto tag) {
    pointwise_forward_of<typename decltype(tag)::type>(stream, in, out);
  });
}
void pointwise_backward(Stream& stream, const LstmBackwardViews& views) {
  dispatch_storage(views.dz.dtype, "lstm", [&](auto tag) {
    pointwise_backward_of<typename decltype(tag)::type>(stream, views);
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
