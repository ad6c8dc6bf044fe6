#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/lstm.h"

namespace heddle::cpu {

/// Sizes of one LSTM call.
struct LstmSizes {
  std::int64_t time, batch, input, hidden, directions;
};

/// The work of one thread at a time: some rows of the batch in one direction, through all of time.
struct LstmTile {
  std::int64_t direction;
  std::int64_t first, count;  // in LstmPlan::order
};

/// How a call is shared out. The rows are sorted by length, longest first, so that at step s of a
/// tile the rows that still run are the first ones; a tile needs nothing of any other, so there is
/// no barrier in the loop over time. Depends on sizes and lengths alone.
struct LstmPlan {
  static constexpr std::int64_t most_rows = 16;  // of a tile

  /// Errors: views that do not fit together, a length outside 0 … time.
  explicit LstmPlan(const LstmInputs& inputs);
  // Errors: a view that does not fit the inputs.
  void check_outputs(const LstmOutputs& out, DType dtype) const;
  void check_saved(const LstmSaved& saved, DType dtype) const;
  void check_gradients(const LstmOutputGradients& from, const LstmInputGradients& to,
                       DType dtype) const;

  LstmSizes sizes;
  std::vector<std::int64_t> order;    // rows of the batch, longest first
  std::vector<std::int64_t> lengths;  // of each row of the batch
  std::vector<LstmTile> tiles;        // long and short ones in turn, to be shared evenly

  /// Tiles that one thread takes one after the other, adding to the same gradients: at most eight
  /// groups per direction. Group g has tiles [first_tile(g), first_tile(g + 1)).
  std::int64_t tiles_per_direction() const {
    return static_cast<std::int64_t>(tiles.size()) / sizes.directions;
  }
  std::int64_t groups_per_direction() const {
    return std::min<std::int64_t>(tiles_per_direction(), 8);
  }
  std::int64_t groups() const { return sizes.directions * groups_per_direction(); }
  std::int64_t first_tile(std::int64_t group) const {
    return static_cast<std::int64_t>(tiles.size()) * group / groups();
  }

  /// Of h0, c0, h_n and c_n.
  Shape state_shape() const { return {sizes.directions, sizes.batch, sizes.hidden}; }
  std::int64_t length(const LstmTile& tile, std::int64_t i) const {
    return lengths[static_cast<std::size_t>(row(tile, i))];
  }
  std::int64_t row(const LstmTile& tile, std::int64_t i) const {
    return order[static_cast<std::size_t>(tile.first + i)];
  }
  /// Rows of the tile whose length is above `step`.
  std::int64_t running(const LstmTile& tile, std::int64_t step) const;
  /// The time that `step` of a row with this length stands for.
  static std::int64_t time_of(std::int64_t direction, std::int64_t length, std::int64_t step) {
    return direction == 0 ? step : length - 1 - step;
  }
  /// Index of (direction, time, row) in the first three dimensions of gates and cells.
  std::int64_t saved_row(std::int64_t direction, std::int64_t time, std::int64_t row) const {
    return (direction * sizes.time + time) * sizes.batch + row;
  }
};

void lstm_backward(Stream&, const LstmInputs&, const LstmSaved&, const LstmOutputGradients&,
                   const LstmInputGradients&);

}  // namespace heddle::cpu
