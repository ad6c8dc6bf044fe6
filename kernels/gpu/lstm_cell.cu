// The fused LSTM cell: all that happens to one hidden unit in one step after the products, in one
// kernel. Formulas in lstm_cell.h. z is read once, and gates, c and h are written once; a kernel
// for each sigmoid, tanh and product would read and write z and c again each time
// (lstm_pointwise.cu has that version).
//
// Both directions run in one launch. A row that has ended writes zeros to y (forward) or to dz
// (backward) and keeps its state.

#include "kernels/gpu/lstm_cell.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

constexpr unsigned cell_threads = 128;

/// grid (B, ⌈H / 128⌉, D), block 128, a thread per unit; no shared memory.
/// Per unit: reads 4 of gates, 4 of `recurrent`, 4 of bias, c; writes 4 gates, c twice, h twice.
template <typename T>
__global__ void fused_cell(LstmForward<T> call, std::int64_t step, Batch<const T> recurrent,
                           Batch<T> h, Batch<accumulate_t<T>> c) {
  using A = accumulate_t<T>;
  const std::int64_t unit = std::int64_t{blockIdx.y} * blockDim.x + threadIdx.x;
  const std::int64_t row = blockIdx.x;
  const std::int64_t direction = blockIdx.z;
  if (unit >= call.hidden) {
    return;
  }
  const std::int64_t length = call.lengths[row];
  if (step >= length) {
    call.y(step, row, direction * call.hidden + unit) = narrow<T>(A{0});
    return;
  }
  const std::int64_t time = time_of(direction, length, step);
  FourGates<A> z = input_part(call, direction, time, row, unit);
  HEDDLE_UNROLL
  for (int gate = 0; gate < 4; ++gate) {
    counted<1>(z[gate] += widen<T>(recurrent(direction, row, gate * call.hidden + unit)));
  }
  const A c_before = c(direction, row, unit);
  const CellStep<A> now = cell_step<false>(z, c_before);
  write_step(call, direction, time, row, unit, now);
  h(direction, row, unit) = narrow<T>(now.h);
  c(direction, row, unit) = now.c;
  if (step + 1 == length) {
    call.h_n(direction, row, unit) = narrow<T>(now.h);
    call.c_n(direction, row, unit) = narrow<T>(now.c);
  }
}

/// grid (B, ⌈H / 128⌉, D), block 128, a thread per unit; no shared memory.
/// Per unit: reads 4 gates, c, c_before, dy, dh, dc; writes dz twice, dc.
template <typename T>
__global__ void fused_cell_backward(LstmBackward<T> call, std::int64_t step, Batch<const T> dh,
                                    Batch<accumulate_t<T>> dc, Batch<T> dz) {
  using A = accumulate_t<T>;
  const std::int64_t unit = std::int64_t{blockIdx.y} * blockDim.x + threadIdx.x;
  const std::int64_t row = blockIdx.x;
  const std::int64_t direction = blockIdx.z;
  if (unit >= call.hidden) {
    return;
  }
  const std::int64_t length = call.lengths[row];
  FourGates<A> result{};
  if (step < length) {
    const SavedStep<A> saved = read_step(call, direction, length, step, row, unit);
    const bool last = step + 1 == length;
    const A arrives =
        last ? initial(call.dh_n, direction, row, unit) : widen<T>(dh(direction, row, unit));
    A into_c =
        last ? initial(call.dc_n, direction, row, unit) : static_cast<A>(dc(direction, row, unit));
    result = cell_step_backward<false>(saved, counted<1>(arrives + saved.dy), into_c);
    dc(direction, row, unit) = into_c;
  }
  write_dz(call, direction, time_of(direction, length, step), row, unit, result);
  HEDDLE_UNROLL
  for (int gate = 0; gate < 4; ++gate) {
    dz(direction, row, gate * call.hidden + unit) = narrow<T>(result[gate]);
  }
}

template <typename Call>
dim3 cell_grid(const Call& call) {
  return dim3(static_cast<unsigned>(call.batch), blocks_for(call.hidden, cell_threads),
              static_cast<unsigned>(call.directions));
}

}  // namespace

template <typename T>
void cell_forward(Stream& stream, const LstmForward<T>& call, std::int64_t step,
                  const Batch<const T>& recurrent, const Batch<T>& h,
                  const Batch<accumulate_t<T>>& c) {
  launch(fused_cell<T>,
         Launch{.kernel = "lstm.fused_cell",
                .stream = stream,
                .grid = cell_grid(call),
                .block = dim3(cell_threads)},
         call, step, recurrent, h, c);
}

template <typename T>
void cell_backward(Stream& stream, const LstmBackward<T>& call, std::int64_t step,
                   const Batch<const T>& dh, const Batch<accumulate_t<T>>& dc, const Batch<T>& dz) {
  launch(fused_cell_backward<T>,
         Launch{.kernel = "lstm.fused_cell_backward",
                .stream = stream,
                .grid = cell_grid(call),
                .block = dim3(cell_threads)},
         call, step, dh, dc, dz);
}

#define HEDDLE_CELLS(T)                                                                \
  template void cell_forward<T>(Stream&, const LstmForward<T>&, std::int64_t,          \
                                const Batch<const T>&, const Batch<T>&,                \
                                const Batch<accumulate_t<T>>&);                        \
  template void cell_backward<T>(Stream&, const LstmBackward<T>&, std::int64_t,        \
                                 const Batch<const T>&, const Batch<accumulate_t<T>>&, \
                                 const Batch<T>&);
HEDDLE_CELLS(float)
HEDDLE_CELLS(double)
HEDDLE_CELLS(bf16)
#undef HEDDLE_CELLS

}  // namespace heddle::kernels::HEDDLE_BACKEND
