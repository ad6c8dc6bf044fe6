// LSTM, version fused_cell: two launches per step (lstm_steps.h).
//
// W x of all steps is one product before the loop (it waits for nothing), and everything pointwise
// is one kernel (lstm_cell.cu). What remains to be lost: R is read from memory in every step, and a
// launch costs microseconds (lstm_persistent.cu keeps R on chip and launches once).

#include "kernels/gpu/lstm_steps.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// Two launches per step: the product, which reads R, and the cell.
template <typename T>
void fused_forward_of(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  using A = accumulate_t<T>;
  const LstmSizes sizes = sizes_of(in);
  const LstmForward<T> call = forward_call<T>(in, out);
  const std::int64_t units = sizes.directions * sizes.batch * sizes.hidden;
  const Scratch<T> recurrent(stream, 4 * units);
  const Scratch<T> h(stream, units);
  const Scratch<A> c(stream, units);
  const View recurrent_view = states_view(recurrent, in.x.dtype, stream, sizes, 4 * sizes.hidden);
  const View h_view = states_view(h, in.x.dtype, stream, sizes, sizes.hidden);
  const View c_view = states_view(c, dtype_of<A>(), stream, sizes, sizes.hidden);
  run_pointwise(stream, "lstm.begin", units, BeginForward<T>{call, h.row(), c.row()});
  for (std::int64_t step = 0; step < sizes.time; ++step) {
    product(stream, h_view, transposed(in.weight_hidden), false, recurrent_view);
    cell_forward<T>(stream, call, step, batch_of<T>(static_cast<const ConstView&>(recurrent_view)),
                    batch_of<T>(h_view), batch_of<A>(c_view));
  }
}

/// Two launches per step: the cell, and the product with R.
template <typename T>
void fused_backward_of(Stream& stream, const LstmBackwardViews& views) {
  using A = accumulate_t<T>;
  const LstmSizes sizes = sizes_of(views.in);
  const LstmBackward<T> call = backward_call<T>(views);
  const std::int64_t units = sizes.directions * sizes.batch * sizes.hidden;
  const Scratch<T> dz(stream, 4 * units);
  const Scratch<T> dh(stream, units);
  const Scratch<A> dc(stream, units);
  const View dz_view = states_view(dz, views.dz.dtype, stream, sizes, 4 * sizes.hidden);
  const View dh_view = states_view(dh, views.dz.dtype, stream, sizes, sizes.hidden);
  const View dc_view = states_view(dc, dtype_of<A>(), stream, sizes, sizes.hidden);
  for (std::int64_t step = sizes.time - 1; step >= 0; --step) {
    cell_backward<T>(stream, call, step, batch_of<T>(static_cast<const ConstView&>(dh_view)),
                     batch_of<A>(dc_view), batch_of<T>(dz_view));
    if (step > 0 || views.to.dh0.given) {
      product(stream, dz_view, views.in.weight_hidden, false, dh_view);
    }
  }
  run_pointwise(stream, "lstm.finish", units, FinishBackward<T>{call, reading(dh), reading(dc)});
}

}  // namespace

void fused_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  dispatch_storage(in.x.dtype, "lstm", [&](auto tag) {
    fused_forward_of<typename decltype(tag)::type>(stream, in, out);
  });
}
void fused_backward(Stream& stream, const LstmBackwardViews& views) {
  dispatch_storage(views.dz.dtype, "lstm", [&](auto tag) {
    fused_backward_of<typename decltype(tag)::type>(stream, views);
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
