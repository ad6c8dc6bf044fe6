#include "kernels/cpu/lstm_plan.h"

#include <algorithm>
#include <numeric>

#include "kernels/cpu/row_lengths.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

LstmSizes sizes_of(const LstmInputs& inputs) {
  check_rank("lstm", {"x", inputs.x}, 3);
  check_rank("lstm", {"weight_hidden", inputs.weight_hidden}, 3);
  const std::int64_t directions = inputs.weight_hidden.size(0);
  check(directions == 1 || directions == 2, "lstm: weight_hidden is ", inputs.weight_hidden.shape,
        "; expected 1 or 2 directions");
  return {inputs.x.size(0), inputs.x.size(1), inputs.x.size(2), inputs.weight_hidden.size(2),
          directions};
}

std::vector<std::int64_t> lengths_of(const ConstView& lengths, const LstmSizes& sizes) {
  const RowLengths of_row("lstm", lengths, sizes.batch, sizes.time);
  std::vector<std::int64_t> result;
  for (std::int64_t row = 0; row < sizes.batch; ++row) {
    result.push_back(of_row[row]);
  }
  return result;
}

void check_optional(const NamedView& view, const Shape& shape, DType dtype) {
  if (view.view.given) {
    check_dense("lstm", view, shape, dtype);
  }
}

void check_inputs(const LstmPlan& plan, const LstmInputs& inputs) {
  const auto& [time, batch, input, hidden, directions] = plan.sizes;
  check_dense("lstm", {"x", inputs.x}, {time, batch, input}, inputs.x.dtype);
  check_dense("lstm", {"weight_input", inputs.weight_input}, {directions, 4 * hidden, input},
              inputs.x.dtype);
  check_dense("lstm", {"weight_hidden", inputs.weight_hidden}, {directions, 4 * hidden, hidden},
              inputs.x.dtype);
  check_optional({"bias", inputs.bias}, {directions, 4 * hidden}, inputs.x.dtype);
  check_optional({"h0", inputs.h0}, plan.state_shape(), inputs.x.dtype);
  check_optional({"c0", inputs.c0}, plan.state_shape(), inputs.x.dtype);
}

/// Eight tiles where the batch allows, of 4 to 16 rows: enough rows to use each weight often
/// before the next is fetched, few enough to share among threads.
std::int64_t tile_rows(const LstmSizes& sizes) {
  return std::clamp<std::int64_t>((sizes.directions * sizes.batch + 7) / 8, 4, LstmPlan::most_rows);
}

}  // namespace

LstmPlan::LstmPlan(const LstmInputs& inputs)
    : sizes(sizes_of(inputs)),
      order(static_cast<std::size_t>(sizes.batch)),
      lengths(lengths_of(inputs.lengths, sizes)) {
  check_inputs(*this, inputs);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t left, std::int64_t right) {
    return lengths[static_cast<std::size_t>(left)] > lengths[static_cast<std::size_t>(right)];
  });
  const std::int64_t most = tile_rows(sizes);
  const std::int64_t parts = (sizes.batch + most - 1) / most;
  for (std::int64_t direction = 0; direction < sizes.directions; ++direction) {
    for (std::int64_t i = 0; i < parts; ++i) {
      const std::int64_t part = i % 2 == 0 ? i / 2 : parts - 1 - i / 2;
      const std::int64_t first = sizes.batch * part / parts;
      tiles.push_back({direction, first, sizes.batch * (part + 1) / parts - first});
    }
  }
}

void LstmPlan::check_outputs(const LstmOutputs& out, DType dtype) const {
  check_saved({out.y, out.gates, out.cells}, dtype);
  check_dense("lstm", {"h_n", out.h_n}, state_shape(), dtype);
  check_dense("lstm", {"c_n", out.c_n}, state_shape(), dtype);
}

void LstmPlan::check_saved(const LstmSaved& saved, DType dtype) const {
  const auto& [time, batch, input, hidden, directions] = sizes;
  check_dense("lstm", {"y", saved.y}, {time, batch, directions * hidden}, dtype);
  check_dense("lstm", {"gates", saved.gates}, {directions, time, batch, 4 * hidden}, dtype);
  check_dense("lstm", {"cells", saved.cells}, {directions, time, batch, hidden}, dtype);
}

void LstmPlan::check_gradients(const LstmOutputGradients& from, const LstmInputGradients& to,
                               DType dtype) const {
  const auto& [time, batch, input, hidden, directions] = sizes;
  check_dense("lstm", {"dy", from.dy}, {time, batch, directions * hidden}, dtype);
  check_optional({"dh_n", from.dh_n}, state_shape(), dtype);
  check_optional({"dc_n", from.dc_n}, state_shape(), dtype);
  check_optional({"dx", to.dx}, {time, batch, input}, dtype);
  check_optional({"dweight_input", to.dweight_input}, {directions, 4 * hidden, input}, dtype);
  check_optional({"dweight_hidden", to.dweight_hidden}, {directions, 4 * hidden, hidden}, dtype);
  check_optional({"dbias", to.dbias}, {directions, 4 * hidden}, dtype);
  check_optional({"dh0", to.dh0}, state_shape(), dtype);
  check_optional({"dc0", to.dc0}, state_shape(), dtype);
}

std::int64_t LstmPlan::running(const LstmTile& tile, std::int64_t step) const {
  std::int64_t count = tile.count;
  while (count > 0 && length(tile, count - 1) <= step) {
    --count;
  }
  return count;
}

}  // namespace heddle::cpu
