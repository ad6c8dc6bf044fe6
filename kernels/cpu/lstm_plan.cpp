#include "kernels/cpu/lstm_plan.h"

#include <algorithm>
#include <numeric>

namespace heddle::cpu {
namespace {

LstmSizes sizes_of(const LstmInputs& inputs) {
  const ConstView& x = inputs.x;
  const ConstView& weight = inputs.weight_hidden;
  check(x.rank() == 3 && weight.rank() == 3, "lstm: x is ", x.shape, " and weight_hidden ",
        weight.shape, "; expected [time, batch, input] and [directions, 4·hidden, hidden]");
  const LstmSizes sizes{x.size(0), x.size(1), x.size(2), weight.size(2), weight.size(0)};
  check(sizes.directions == 1 || sizes.directions == 2, "lstm: got ", sizes.directions,
        " directions, expected 1 or 2");
  const Shape hidden_shape{sizes.directions, 4 * sizes.hidden, sizes.hidden};
  const Shape input_shape{sizes.directions, 4 * sizes.hidden, sizes.input};
  check(weight.shape == hidden_shape && inputs.weight_input.shape == input_shape,
        "lstm: weight_hidden is ", weight.shape, " and weight_input ", inputs.weight_input.shape,
        "; expected ", hidden_shape, " and ", input_shape);
  return sizes;
}

std::vector<std::int64_t> lengths_of(const ConstView& lengths, const LstmSizes& sizes) {
  if (!lengths.given) {
    return std::vector<std::int64_t>(static_cast<std::size_t>(sizes.batch), sizes.time);
  }
  const auto given = row_of<std::int64_t>(lengths, "lstm: lengths");
  check(given.size == sizes.batch, "lstm: got ", given.size, " lengths for a batch of ",
        sizes.batch);
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < given.size; ++i) {
    check(given(i) >= 0 && given(i) <= sizes.time, "lstm: length of row ", i, " is ", given(i),
          ", expected 0 to ", sizes.time);
    result.push_back(given(i));
  }
  return result;
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

std::int64_t LstmPlan::running(const LstmTile& tile, std::int64_t step) const {
  std::int64_t count = tile.count;
  while (count > 0 && length(tile, count - 1) <= step) {
    --count;
  }
  return count;
}

}  // namespace heddle::cpu
