#pragma once

// What the versions of the LSTM with kernels per step share (lstm_pointwise.cu, lstm_fused.cu).
//
//   z = W x + R h + b        i, f, o = σ(z),  g = tanh(z),  c = f c + i g,  h = o tanh(c)
//
// Both directions share each launch: the step of the reverse direction stands for another time.
// Both versions take every size and type: f32, f64 and bf16 (sums and c in f32).

#include "kernels/gpu/lstm_cell.h"
#include "kernels/gpu/product.h"

namespace heddle::kernels::HEDDLE_BACKEND {

constexpr unsigned pointwise_threads = 256;

/// grid ⌈count / 256⌉, block 256, a thread per element; no shared memory. Bytes per element: what
/// the function reads and writes, always to memory.
template <typename Function>
__global__ void pointwise(Function function, std::int64_t count) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count) {
    function(i);
  }
}

template <typename Function>
void run_pointwise(Stream& stream, const char* kernel, std::int64_t count,
                   const Function& function) {
  launch(pointwise<Function>,
         Launch{.kernel = kernel,
                .stream = stream,
                .grid = dim3(blocks_for(count, pointwise_threads)),
                .block = dim3(pointwise_threads)},
         function, count);
}

/// Where element i of [D, B, H] stands.
struct UnitPlace {
  std::int64_t direction, row, unit;

  __device__ UnitPlace(std::int64_t i, std::int64_t batch, std::int64_t hidden)
      : direction(i / (batch * hidden)), row(i / hidden % batch), unit(i % hidden) {}
  /// Element of the same unit's gate in [D, B, 4H].
  __device__ std::int64_t of_gate(int gate, std::int64_t batch, std::int64_t hidden) const {
    return ((direction * batch + row) * 4 + gate) * hidden + unit;
  }
};

/// h and c before the first step, which is also what rows of no steps end with.
template <typename T>
struct BeginForward {
  LstmForward<T> call;
  Row<T> h;
  Row<accumulate_t<T>> c;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, call.batch, call.hidden);
    const accumulate_t<T> h_begin = initial(call.h0, at.direction, at.row, at.unit);
    const accumulate_t<T> c_begin = initial(call.c0, at.direction, at.row, at.unit);
    h(i) = narrow<T>(h_begin);
    c(i) = c_begin;
    call.h_n(at.direction, at.row, at.unit) = narrow<T>(h_begin);
    call.c_n(at.direction, at.row, at.unit) = narrow<T>(c_begin);
  }
};

/// dh0 and dc0: what is left after the first step, or what came in where there was none.
template <typename T>
struct FinishBackward {
  LstmBackward<T> call;
  Row<const T> dh;
  Row<const accumulate_t<T>> dc;

  __device__ void operator()(std::int64_t i) const {
    const UnitPlace at(i, call.batch, call.hidden);
    const bool ran = call.lengths[at.row] > 0;
    if (call.dh0.data != nullptr) {
      call.dh0(at.direction, at.row, at.unit) =
          ran ? dh(i) : narrow<T>(initial(call.dh_n, at.direction, at.row, at.unit));
    }
    if (call.dc0.data != nullptr) {
      call.dc0(at.direction, at.row, at.unit) =
          narrow<T>(ran ? dc(i) : initial(call.dc_n, at.direction, at.row, at.unit));
    }
  }
};

/// [D, B, columns] in memory of this call.
template <typename T>
View states_view(const Scratch<T>& scratch, DType dtype, const Stream& stream,
                 const LstmSizes& sizes, std::int64_t columns) {
  return view_of(scratch.data(), dtype, stream, {sizes.directions, sizes.batch, columns},
                 {sizes.batch * columns, columns, 1});
}
/// Every matrix of [D, m, n] transposed.
inline ConstView transposed(const ConstView& view) {
  return with_strides(view, 0, {view.size(0), view.size(2), view.size(1)},
                      {view.stride(0), view.stride(2), view.stride(1)});
}
template <typename T>
Row<const T> reading(const Scratch<T>& scratch) {
  return {scratch.data(), scratch.row().size, 1};
}

inline LstmSizes sizes_of(const LstmInputs& in) {
  return {in.x.size(0), in.x.size(1), in.x.size(2), in.weight_hidden.size(2),
          in.weight_hidden.size(0)};
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
