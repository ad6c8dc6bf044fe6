#pragma once

// What the versions of the LSTM share: the sizes of a call, its views as kernels take them, the
// order in which steps visit time, and the products outside the loop over time.
//
// Every version computes the loop alone. Before it, `gates` holds W x of all steps; after the
// backward loop, dz of all steps lies in memory and the rest is products (lstm_gradients.cu).

#include <cstdint>
#include <type_traits>

#include "kernels/gpu/device/device.h"
#include "kernels/lstm.h"

namespace heddle::kernels::HEDDLE_BACKEND {

struct LstmSizes {
  std::int64_t time, batch, input, hidden, directions;
};

/// Errors: views that do not fit together, lengths outside 0 … time (as kernels/cpu/lstm_plan.cpp).
LstmSizes checked_sizes(Stream& stream, const LstmInputs& in);
void check_saved(const LstmSizes& sizes, const LstmSaved& saved, DType dtype);
void check_outputs(const LstmSizes& sizes, const LstmOutputs& out, DType dtype);
void check_gradients(const LstmSizes& sizes, const LstmOutputGradients& from,
                     const LstmInputGradients& to, DType dtype);

/// The time that `step` of a row stands for. Steps from the row's length on stand for the times
/// beyond it, so that a loop over all steps visits every time once.
template <typename Index>
__host__ __device__ __forceinline__ Index time_of(std::int64_t direction, Index length,
                                                  std::type_identity_t<Index> step) {
  return direction == 0 || step >= length ? step : length - 1 - step;
}

/// A number as it comes back from storage.
template <typename T>
__device__ __forceinline__ accumulate_t<T> stored(accumulate_t<T> value) {
  return widen<T>(narrow<T>(value));
}

/// The forward loop. `gates` [D, T, B, 4H] holds W x before it, the gates after it.
template <typename T>
struct LstmForward {
  std::int64_t time, batch, hidden, directions;
  Lengths lengths;
  Batch<const T> weight_hidden;  // [D, 4H, H]
  Matrix<const T> bias;          // [D, 4H]; data null where not given
  Batch<const T> h0, c0;         // [D, B, H]; data null where not given
  Tensor4<T> gates;              // [D, T, B, 4H]
  Tensor4<T> cells;              // [D, T, B, H]
  Batch<T> y;                    // [T, B, D·H]
  Batch<T> h_n, c_n;             // [D, B, H]
};

/// The backward loop: writes dz, zero beyond a row's length, dh0 and dc0.
template <typename T>
struct LstmBackward {
  std::int64_t time, batch, hidden, directions;
  Lengths lengths;
  Batch<const T> weight_hidden;  // [D, 4H, H]
  Batch<const T> c0;             // [D, B, H]; data null where not given
  Tensor4<const T> gates;        // [D, T, B, 4H]
  Tensor4<const T> cells;        // [D, T, B, H]
  Batch<const T> dy;             // [T, B, D·H]
  Batch<const T> dh_n, dc_n;     // [D, B, H]; data null where not given
  Batch<T> dh0, dc0;             // [D, B, H]; data null where not wanted
  Tensor4<T> dz;                 // [D, T, B, 4H]
};

/// Everything the backward loop of a version is given.
struct LstmBackwardViews {
  const LstmInputs& in;
  const LstmSaved& saved;
  const LstmOutputGradients& from;
  const LstmInputGradients& to;
  View dz;
};

/// The lengths, which `checked_sizes` has seen.
inline Lengths known_lengths(const LstmInputs& in) {
  if (!in.lengths.given) {
    return {.data = nullptr, .stride = 0, .most = in.x.size(0)};
  }
  return {.data = in.lengths.pointer<std::int64_t>(),
          .stride = in.lengths.stride(0),
          .most = in.x.size(0)};
}

template <typename T>
LstmForward<T> forward_call(const LstmInputs& in, const LstmOutputs& out) {
  return {.time = in.x.size(0),
          .batch = in.x.size(1),
          .hidden = in.weight_hidden.size(2),
          .directions = in.weight_hidden.size(0),
          .lengths = known_lengths(in),
          .weight_hidden = batch_of<T>(in.weight_hidden),
          .bias = matrix_of<T>(in.bias),
          .h0 = batch_of<T>(in.h0),
          .c0 = batch_of<T>(in.c0),
          .gates = tensor4_of<T>(out.gates),
          .cells = tensor4_of<T>(out.cells),
          .y = batch_of<T>(out.y),
          .h_n = batch_of<T>(out.h_n),
          .c_n = batch_of<T>(out.c_n)};
}

template <typename T>
LstmBackward<T> backward_call(const LstmBackwardViews& views) {
  const LstmInputs& in = views.in;
  return {.time = in.x.size(0),
          .batch = in.x.size(1),
          .hidden = in.weight_hidden.size(2),
          .directions = in.weight_hidden.size(0),
          .lengths = known_lengths(in),
          .weight_hidden = batch_of<T>(in.weight_hidden),
          .c0 = batch_of<T>(in.c0),
          .gates = tensor4_of<T>(views.saved.gates),
          .cells = tensor4_of<T>(views.saved.cells),
          .dy = batch_of<T>(views.from.dy),
          .dh_n = batch_of<T>(views.from.dh_n),
          .dc_n = batch_of<T>(views.from.dc_n),
          .dh0 = batch_of<T>(views.to.dh0),
          .dc0 = batch_of<T>(views.to.dc0),
          .dz = tensor4_of<T>(views.dz)};
}

/// gates[d, t, b] = weight_input[d] x[t, b] for all steps at once (lstm_gradients.cu).
void input_products(Stream& stream, const LstmInputs& in, const View& gates);
/// dx, dweight_input, dweight_hidden and dbias out of dz (lstm_gradients.cu).
void gradients_of_dz(Stream& stream, const LstmBackwardViews& views);

/// A view of memory of this call. Strides in elements.
View view_of(void* data, DType dtype, const Stream& stream, const Shape& shape,
             const Strides& strides);
/// `view` with other sizes and strides, its first element moved by `offset` elements.
ConstView with_strides(const ConstView& view, std::int64_t offset, const Shape& shape,
                       const Strides& strides);

// The loops, one pair per version. Each takes every size and type, or hands on to another version
// (the card of its kernel says which).
using LstmForwardLoop = void (*)(Stream&, const LstmInputs&, const LstmOutputs&);
using LstmBackwardLoop = void (*)(Stream&, const LstmBackwardViews&);

// lstm_steps.h. The forward pointwise loop computes W x itself, step by step.
void pointwise_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out);
void pointwise_backward(Stream& stream, const LstmBackwardViews& views);
void fused_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out);
void fused_backward(Stream& stream, const LstmBackwardViews& views);
// lstm_persistent.cu, lstm_persistent_backward.cu
void persistent_block_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out);
void persistent_block_backward(Stream& stream, const LstmBackwardViews& views);
bool persistent_block_fits(const Stream& stream, std::int64_t hidden, DType dtype);
// lstm_grid.cu
void persistent_grid_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out);
void persistent_grid_backward(Stream& stream, const LstmBackwardViews& views);
bool persistent_grid_fits(const Stream& stream, std::int64_t hidden, std::int64_t directions,
                          DType dtype);
// lstm_mma.cu
void tensor_core_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out);
void tensor_core_backward(Stream& stream, const LstmBackwardViews& views);
bool tensor_cores_fit(const Stream& stream, std::int64_t hidden, DType dtype);
// lstm_cluster.cu, lstm_cluster_backward.cu
void persistent_cluster_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out);
void persistent_cluster_backward(Stream& stream, const LstmBackwardViews& views);
bool persistent_cluster_fits(const Stream& stream, std::int64_t hidden, DType dtype);
// lstm_cluster_mma.cu, lstm_cluster_mma_backward.cu
void cluster_tensor_core_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out);
void cluster_tensor_core_backward(Stream& stream, const LstmBackwardViews& views);
bool cluster_tensor_cores_fit(const Stream& stream, std::int64_t hidden, DType dtype);

}  // namespace heddle::kernels::HEDDLE_BACKEND
