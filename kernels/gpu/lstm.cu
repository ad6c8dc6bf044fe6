// LSTM over a whole sequence, one or both directions (kernels/lstm.h has the contract).
//
//   z_t = W x_t + R h_{t−1} + b     i, f, o = σ(z),  g = tanh(z)     c_t = f c_{t−1} + i g
//   h_t = o tanh(c_t)               x [T, B, I], W [D, 4H, I], R [D, 4H, H], y [T, B, D·H]
//
// The steps wait for one another, so a step costs what it must wait for, not what it computes. Each
// version removes one wait (docs/kernels/lstm.md):
//
// pointwise_steps         the formulas as they stand: 12 launches per step    lstm_pointwise.cu
// fused_cell              W x out of the loop, one kernel per cell: 2         lstm_fused.cu
// persistent_block        all steps in one launch: a block keeps R on chip    lstm_persistent.cu
//                         and owns some rows; a barrier of the block per step
// persistent_grid         R shared out over all blocks, for larger H; h goes  lstm_grid.cu
//                         through the L2 cache, with flags between blocks
// persistent_tensor_cores as persistent_block on tensor cores, R in fragments lstm_mma.cu
// persistent_cluster      R shared out over 2 to 8 blocks, which exchange h   lstm_cluster.cu
//                         through each other's shared memory (sm_90)
// persistent_cluster_tensor_cores    the same on tensor cores                 lstm_cluster_mma.cu
//
// Outside the loop all are the same: lstm_gradients.cu. The cell by itself: lstm_cell.cu.

#include "kernels/gpu/families.h"
#include "kernels/gpu/lstm_call.h"

namespace heddle::kernels::HEDDLE_BACKEND {

enum class LstmVersion {
  pointwise_steps,
  fused_cell,
  persistent_block,
  persistent_grid,
  persistent_tensor_cores,
  persistent_cluster,
  persistent_cluster_tensor_cores
};

namespace {

constexpr std::int64_t most_steps = std::int64_t{1} << 30;  // kernels count them in an int

void check_optional(const NamedView& view, const Shape& shape, DType dtype) {
  if (view.view.given) {
    check_dense("lstm", view, shape, dtype);
  }
}

Shape state_shape(const LstmSizes& sizes) { return {sizes.directions, sizes.batch, sizes.hidden}; }

}  // namespace

LstmSizes checked_sizes(Stream& stream, const LstmInputs& in) {
  check_rank("lstm", {"x", in.x}, 3);
  check_rank("lstm", {"weight_hidden", in.weight_hidden}, 3);
  const std::int64_t directions = in.weight_hidden.size(0);
  check(directions == 1 || directions == 2, "lstm: weight_hidden is ", in.weight_hidden.shape,
        "; expected 1 or 2 directions");
  const LstmSizes sizes{in.x.size(0), in.x.size(1), in.x.size(2), in.weight_hidden.size(2),
                        directions};
  const auto& [time, batch, input, hidden, ignored] = sizes;
  check(time <= most_steps && batch <= most_steps, "lstm: x is ", in.x.shape,
        "; expected time and batch of at most ", most_steps);
  lengths_of(stream, "lstm", in.lengths, batch, time);
  const DType dtype = in.x.dtype;
  check_dense("lstm", {"x", in.x}, {time, batch, input}, dtype);
  check_dense("lstm", {"weight_input", in.weight_input}, {directions, 4 * hidden, input}, dtype);
  check_dense("lstm", {"weight_hidden", in.weight_hidden}, {directions, 4 * hidden, hidden}, dtype);
  check_optional({"bias", in.bias}, {directions, 4 * hidden}, dtype);
  check_optional({"h0", in.h0}, state_shape(sizes), dtype);
  check_optional({"c0", in.c0}, state_shape(sizes), dtype);
  return sizes;
}

void check_saved(const LstmSizes& sizes, const LstmSaved& saved, DType dtype) {
  const auto& [time, batch, input, hidden, directions] = sizes;
  check_dense("lstm", {"y", saved.y}, {time, batch, directions * hidden}, dtype);
  check_dense("lstm", {"gates", saved.gates}, {directions, time, batch, 4 * hidden}, dtype);
  check_dense("lstm", {"cells", saved.cells}, {directions, time, batch, hidden}, dtype);
}

void check_outputs(const LstmSizes& sizes, const LstmOutputs& out, DType dtype) {
  check_saved(sizes, {out.y, out.gates, out.cells}, dtype);
  check_dense("lstm", {"h_n", out.h_n}, state_shape(sizes), dtype);
  check_dense("lstm", {"c_n", out.c_n}, state_shape(sizes), dtype);
}

void check_gradients(const LstmSizes& sizes, const LstmOutputGradients& from,
                     const LstmInputGradients& to, DType dtype) {
  const auto& [time, batch, input, hidden, directions] = sizes;
  check_dense("lstm", {"dy", from.dy}, {time, batch, directions * hidden}, dtype);
  check_optional({"dh_n", from.dh_n}, state_shape(sizes), dtype);
  check_optional({"dc_n", from.dc_n}, state_shape(sizes), dtype);
  check_optional({"dx", to.dx}, {time, batch, input}, dtype);
  check_optional({"dweight_input", to.dweight_input}, {directions, 4 * hidden, input}, dtype);
  check_optional({"dweight_hidden", to.dweight_hidden}, {directions, 4 * hidden, hidden}, dtype);
  check_optional({"dbias", to.dbias}, {directions, 4 * hidden}, dtype);
  check_optional({"dh0", to.dh0}, state_shape(sizes), dtype);
  check_optional({"dc0", to.dc0}, state_shape(sizes), dtype);
}

namespace {

/// A version's entry: checks, the products before the loop, its loop.
template <LstmForwardLoop loop>
void forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  const LstmSizes sizes = checked_sizes(stream, in);
  check_outputs(sizes, out, in.x.dtype);
  if (sizes.batch == 0 || sizes.hidden == 0) {
    return;
  }
  if (loop != pointwise_forward && sizes.time > 0) {
    input_products(stream, in, out.gates);
  }
  loop(stream, in, out);
}

/// Checks, the version's loop, the products after it.
template <LstmBackwardLoop loop>
void backward(Stream& stream, const LstmInputs& in, const LstmSaved& saved,
              const LstmOutputGradients& from, const LstmInputGradients& to) {
  const LstmSizes sizes = checked_sizes(stream, in);
  const DType dtype = in.x.dtype;
  check_saved(sizes, saved, dtype);
  check_gradients(sizes, from, to, dtype);
  dispatch_storage(dtype, "lstm", [&](auto tag) {
    using T = typename decltype(tag)::type;
    const std::int64_t columns = 4 * sizes.hidden;
    const Scratch<T> dz(stream, sizes.directions * sizes.time * sizes.batch * columns);
    const LstmBackwardViews views{
        in, saved, from, to,
        view_of(dz.data(), dtype, stream, {sizes.directions, sizes.time, sizes.batch, columns},
                {sizes.time * sizes.batch * columns, sizes.batch * columns, columns, 1})};
    if (sizes.batch > 0 && sizes.hidden > 0) {
      loop(stream, views);
    }
    gradients_of_dz(stream, views);
  });
}

/// Which version computes a call.
///
/// persistent_tensor_cores where the numbers allow it (bf16 tensors; f32 under Math::tf32) and R
/// fits on one multiprocessor. persistent_block next: a step then waits for a barrier of a block,
/// some tens of cycles. Where R does not fit on one multiprocessor but on 8, a cluster, on tensor
/// cores or without: a step waits for a barrier of 8 blocks, some hundred cycles, and clusters run
/// one after the other where a large batch has more of them than fit, until a product at full rate
/// is ahead, from about 256 rows on. persistent_grid where R fits on all of them together: a step
/// waits for the slowest block, about 1400 cycles in the model. It loses to fused_cell where a
/// step's product is long beside two launches, from about 128 rows on. All of this is expected from
/// the model in docs/kernels/lstm.md and not measured yet.
LstmVersion choose(const Stream& stream, const ConstView& x, const ConstView& weight_hidden) {
  constexpr std::int64_t most_rows_of_clusters = 256;
  constexpr std::int64_t most_rows_of_grid = 128;
  const std::int64_t hidden = weight_hidden.size(2);
  const bool rounds = x.dtype == DType::bf16 || stream.math != Math::f32;
  if (rounds && tensor_cores_fit(stream, hidden, x.dtype)) {
    return LstmVersion::persistent_tensor_cores;
  }
  if (persistent_block_fits(stream, hidden, x.dtype)) {
    return LstmVersion::persistent_block;
  }
  if (x.size(1) <= most_rows_of_clusters) {
    if (rounds && cluster_tensor_cores_fit(stream, hidden, x.dtype)) {
      return LstmVersion::persistent_cluster_tensor_cores;
    }
    if (persistent_cluster_fits(stream, hidden, x.dtype)) {
      return LstmVersion::persistent_cluster;
    }
  }
  if (x.size(1) <= most_rows_of_grid &&
      persistent_grid_fits(stream, hidden, weight_hidden.size(0), x.dtype)) {
    return LstmVersion::persistent_grid;
  }
  return LstmVersion::fused_cell;
}

void chosen_forward(Stream& stream, const LstmInputs& in, const LstmOutputs& out) {
  switch (choose(stream, in.x, in.weight_hidden)) {
    case LstmVersion::persistent_tensor_cores:
      return tensor_core_forward(stream, in, out);
    case LstmVersion::persistent_block:
      return persistent_block_forward(stream, in, out);
    case LstmVersion::persistent_grid:
      return persistent_grid_forward(stream, in, out);
    case LstmVersion::persistent_cluster:
      return persistent_cluster_forward(stream, in, out);
    case LstmVersion::persistent_cluster_tensor_cores:
      return cluster_tensor_core_forward(stream, in, out);
    case LstmVersion::fused_cell:
    case LstmVersion::pointwise_steps:
      return fused_forward(stream, in, out);
  }
}

void chosen_backward(Stream& stream, const LstmBackwardViews& views) {
  switch (choose(stream, views.in.x, views.in.weight_hidden)) {
    case LstmVersion::persistent_tensor_cores:
      return tensor_core_backward(stream, views);
    case LstmVersion::persistent_block:
      return persistent_block_backward(stream, views);
    case LstmVersion::persistent_grid:
      return persistent_grid_backward(stream, views);
    case LstmVersion::persistent_cluster:
      return persistent_cluster_backward(stream, views);
    case LstmVersion::persistent_cluster_tensor_cores:
      return cluster_tensor_core_backward(stream, views);
    case LstmVersion::fused_cell:
    case LstmVersion::pointwise_steps:
      return fused_backward(stream, views);
  }
}

}  // namespace

LstmKernels lstm_kernels() { return {forward<chosen_forward>, backward<chosen_backward>}; }

const std::vector<KernelVersion<LstmKernels>>& lstm_versions() {
  static const std::vector<KernelVersion<LstmKernels>> versions{
      {"pointwise_steps", "f32", {forward<pointwise_forward>, backward<pointwise_backward>}},
      {"fused_cell", "f32", {forward<fused_forward>, backward<fused_backward>}},
      {"persistent_block",
       "f32",
       {forward<persistent_block_forward>, backward<persistent_block_backward>}},
      {"persistent_grid",
       "f32",
       {forward<persistent_grid_forward>, backward<persistent_grid_backward>}},
      // The class follows from the tensors: tf32 of f32 numbers, bf16 of bf16 ones.
      {"persistent_tensor_cores",
       "tf32",
       {forward<tensor_core_forward>, backward<tensor_core_backward>}},
      {"persistent_tensor_cores_bf16",
       "bf16",
       {forward<tensor_core_forward>, backward<tensor_core_backward>}},
      {"persistent_cluster",
       "f32",
       {forward<persistent_cluster_forward>, backward<persistent_cluster_backward>}},
      {"persistent_cluster_tensor_cores",
       "tf32",
       {forward<cluster_tensor_core_forward>, backward<cluster_tensor_core_backward>}},
      {"persistent_cluster_tensor_cores_bf16",
       "bf16",
       {forward<cluster_tensor_core_forward>, backward<cluster_tensor_core_backward>}},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
