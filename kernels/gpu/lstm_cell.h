#pragma once

// One step of one hidden unit of one row: the arithmetic every version of the LSTM shares, and the
// fused cell kernels, which can be called (and are tested) by themselves.
//
//   forward    i, f, o = σ(z),  g = tanh(z),  c = f c_before + i g,  h = o tanh(c)
//   backward   dh, dc arrive at h and c:
//              dc += dh o (1 − tanh²c)     dz_i = dc g i (1 − i)        dz_f = dc c_before f (1 −
//              f) dc_before = dc f            dz_g = dc i (1 − g²)         dz_o = dh tanh(c) o (1 −
//              o)
//
// docs/autograd.md, "The LSTM, backward", has the derivation.

#include "kernels/gpu/lstm_call.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// i, f, g, o of one unit.
template <typename A>
struct FourGates {
  A value[4];

  __device__ __forceinline__ A& operator[](int gate) { return value[gate]; }
  __device__ __forceinline__ const A& operator[](int gate) const { return value[gate]; }
};

template <typename A>
struct CellStep {
  FourGates<A> gates;
  A c, h;
};

/// `fast`: the gate functions of the classes tf32 and bf16.
template <bool fast, typename A>
__device__ __forceinline__ CellStep<A> cell_step(const FourGates<A>& z, A c_before) {
  const auto sigmoid = [](A value) {
    if constexpr (fast) {
      return fast_sigmoid(value);
    } else {
      return sigmoid_of(value);
    }
  };
  const auto squash = [](A value) {
    if constexpr (fast) {
      return fast_tanh(value);
    } else {
      return tanh_of(value);
    }
  };
  CellStep<A> step;
  step.gates = {sigmoid(z[0]), sigmoid(z[1]), squash(z[2]), sigmoid(z[3])};
  step.c = counted<3>(step.gates[1] * c_before + step.gates[0] * step.gates[2]);
  step.h = counted<1>(step.gates[3] * squash(step.c));
  return step;
}

/// What backward needs of one step.
template <typename A>
struct SavedStep {
  FourGates<A> gates;
  A c, c_before, dy;
};

/// Returns dz; `dc` comes in as what arrives at c and goes out as what arrives at c_before.
template <bool fast, typename A>
__device__ __forceinline__ FourGates<A> cell_step_backward(const SavedStep<A>& saved, A dh, A& dc) {
  const A i = saved.gates[0];
  const A f = saved.gates[1];
  const A g = saved.gates[2];
  const A o = saved.gates[3];
  A squashed;
  if constexpr (fast) {
    squashed = fast_tanh(saved.c);
  } else {
    squashed = tanh_of(saved.c);
  }
  const A into_c = counted<5>(dc + dh * o * (A{1} - squashed * squashed));
  dc = counted<1>(into_c * f);
  return {counted<4>(into_c * g * i * (A{1} - i)),
          counted<4>(into_c * saved.c_before * f * (A{1} - f)),
          counted<4>(into_c * i * (A{1} - g * g)), counted<4>(dh * squashed * o * (A{1} - o))};
}

/// The four gates of a unit in a matrix [rows, 4H].
template <typename T>
__device__ __forceinline__ Row<T> gates_of(const Matrix<T>& all, std::int64_t row,
                                           std::int64_t unit, std::int64_t hidden) {
  return {all.address(row, unit), 4, hidden};
}

/// W x + b of a unit at one time, from where the input products stand.
template <typename T>
__device__ __forceinline__ FourGates<accumulate_t<T>> input_part(const LstmForward<T>& call,
                                                                 std::int64_t direction,
                                                                 std::int64_t time,
                                                                 std::int64_t row,
                                                                 std::int64_t unit) {
  const Row<T> gates = gates_of(call.gates.matrix(direction, time), row, unit, call.hidden);
  FourGates<accumulate_t<T>> z;
  HEDDLE_UNROLL
  for (int gate = 0; gate < 4; ++gate) {
    z[gate] = widen<T>(gates(gate));
  }
  if (call.bias.data != nullptr) {
    const Row<const T> bias = gates_of(call.bias, direction, unit, call.hidden);
    HEDDLE_UNROLL
    for (int gate = 0; gate < 4; ++gate) {
      counted<1>(z[gate] += widen<T>(bias(gate)));
    }
  }
  return z;
}

/// Element of h0, c0, dh_n or dc_n: zero where not given.
template <typename T>
__device__ __forceinline__ accumulate_t<T> initial(const Batch<const T>& state,
                                                   std::int64_t direction, std::int64_t row,
                                                   std::int64_t unit) {
  return state.data == nullptr ? accumulate_t<T>{0} : widen<T>(state(direction, row, unit));
}

/// Writes gates, cell and y of one unit at one time.
template <typename T>
__device__ __forceinline__ void write_step(const LstmForward<T>& call, std::int64_t direction,
                                           std::int64_t time, std::int64_t row, std::int64_t unit,
                                           const CellStep<accumulate_t<T>>& step) {
  const Row<T> gates = gates_of(call.gates.matrix(direction, time), row, unit, call.hidden);
  HEDDLE_UNROLL
  for (int gate = 0; gate < 4; ++gate) {
    gates(gate) = narrow<T>(step.gates[gate]);
  }
  call.cells(direction, time, row, unit) = narrow<T>(step.c);
  call.y(time, row, direction * call.hidden + unit) = narrow<T>(step.h);
}

/// Reads what was saved of `step` (below the row's length).
template <typename T>
__device__ __forceinline__ SavedStep<accumulate_t<T>> read_step(const LstmBackward<T>& call,
                                                                std::int64_t direction,
                                                                std::int64_t length,
                                                                std::int64_t step, std::int64_t row,
                                                                std::int64_t unit) {
  const std::int64_t time = time_of(direction, length, step);
  const Row<const T> gates = gates_of(call.gates.matrix(direction, time), row, unit, call.hidden);
  SavedStep<accumulate_t<T>> saved;
  HEDDLE_UNROLL
  for (int gate = 0; gate < 4; ++gate) {
    saved.gates[gate] = widen<T>(gates(gate));
  }
  saved.c = widen<T>(call.cells(direction, time, row, unit));
  saved.c_before =
      step > 0 ? widen<T>(call.cells(direction, time_of(direction, length, step - 1), row, unit))
               : initial(call.c0, direction, row, unit);
  saved.dy = widen<T>(call.dy(time, row, direction * call.hidden + unit));
  return saved;
}

template <typename T>
__device__ __forceinline__ void write_dz(const LstmBackward<T>& call, std::int64_t direction,
                                         std::int64_t time, std::int64_t row, std::int64_t unit,
                                         const FourGates<accumulate_t<T>>& dz) {
  const Row<T> to = gates_of(call.dz.matrix(direction, time), row, unit, call.hidden);
  HEDDLE_UNROLL
  for (int gate = 0; gate < 4; ++gate) {
    to(gate) = narrow<T>(dz[gate]);
  }
}

/// Steps of the longest of the block's rows.
template <int rows, typename Call>
__device__ __forceinline__ int longest_of(const Call& call, int first) {
  int longest = 0;
  for (int row = first; row < first + rows && row < call.batch; ++row) {
    const int length = static_cast<int>(call.lengths[row]);
    longest = length > longest ? length : longest;
  }
  return longest;
}

/// One step of all rows, units and directions: h and c [D, B, H] go from before the step to after
/// it, `recurrent` [D, B, 4H] holds R h. At the row's last step h_n and c_n are written; at steps
/// beyond its length, zeros in y.
template <typename T>
void cell_forward(Stream& stream, const LstmForward<T>& call, std::int64_t step,
                  const Batch<const T>& recurrent, const Batch<T>& h,
                  const Batch<accumulate_t<T>>& c);

/// dh and dc [D, B, H] hold what arrives at h and c of the step from later ones (dh_n and dc_n at
/// the row's last step are read here); dc goes on to the step before, dz is written to call.dz and
/// to `dz` [D, B, 4H]. Rows whose length is not above `step` get zeros.
template <typename T>
void cell_backward(Stream& stream, const LstmBackward<T>& call, std::int64_t step,
                   const Batch<const T>& dh, const Batch<accumulate_t<T>>& dc, const Batch<T>& dz);

#define HEDDLE_CELLS(T)                                                                       \
  extern template void cell_forward<T>(Stream&, const LstmForward<T>&, std::int64_t,          \
                                       const Batch<const T>&, const Batch<T>&,                \
                                       const Batch<accumulate_t<T>>&);                        \
  extern template void cell_backward<T>(Stream&, const LstmBackward<T>&, std::int64_t,        \
                                        const Batch<const T>&, const Batch<accumulate_t<T>>&, \
                                        const Batch<T>&);
HEDDLE_CELLS(float)
HEDDLE_CELLS(double)
HEDDLE_CELLS(bf16)
#undef HEDDLE_CELLS

}  // namespace heddle::kernels::HEDDLE_BACKEND
