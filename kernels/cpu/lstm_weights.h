#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/parallel.h"
#include "core/view.h"
#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/packed_matrix.h"

namespace heddle::cpu {

/// One weight matrix per direction, packed as a right factor.
template <typename T>
class LstmWeights {
 public:
  LstmWeights(std::int64_t directions, std::int64_t depth, std::int64_t cols) {
    for (std::int64_t direction = 0; direction < directions; ++direction) {
      packed_.emplace_back(depth, cols);
    }
  }

  const PackedMatrix<T>& of(std::int64_t direction) const {
    return packed_[static_cast<std::size_t>(direction)];
  }
  PackedMatrix<T>& of(std::int64_t direction) {
    return packed_[static_cast<std::size_t>(direction)];
  }
  std::int64_t directions() const { return static_cast<std::int64_t>(packed_.size()); }

 private:
  std::deque<PackedMatrix<T>> packed_;  // never moved
};

enum class WeightUse : std::uint8_t { plain, transposed };

/// Where packed weights come from: a view [directions, rows, cols].
template <typename T>
struct WeightSource {
  LstmWeights<T>* packed;
  const ConstView* view;
};

/// Packs the weights, or their transposes, of all sources and directions, in parallel by panels.
template <typename T>
void pack_weights(const std::vector<WeightSource<T>>& sources, WeightUse use) {
  struct Panel {
    PackedMatrix<T>* to;
    Matrix<const T> from;
    std::int64_t panel;
  };
  std::vector<Panel> panels;
  for (const WeightSource<T>& source : sources) {
    const auto batch = batch_of<T>(*source.view, "lstm: weights");
    for (std::int64_t direction = 0; direction < source.packed->directions(); ++direction) {
      PackedMatrix<T>& to = source.packed->of(direction);
      const Matrix<const T> from =
          use == WeightUse::transposed ? transposed(batch[direction]) : batch[direction];
      for (std::int64_t panel = 0; panel < to.panels(); ++panel) {
        panels.push_back({&to, from, panel});
      }
    }
  }
  // About 64 Ki elements at a time: less is done sooner than shared.
  const std::int64_t count = static_cast<std::int64_t>(panels.size());
  std::int64_t elements = 0;
  for (const Panel& panel : panels) {
    elements += panel.to->depth() * panel_cols<T>;
  }
  const std::int64_t tiles = std::max<std::int64_t>(elements >> 16, 1);
  parallel_ranges(count, std::max<std::int64_t>((count + tiles - 1) / tiles, 1),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t i = begin; i < end; ++i) {
                      const Panel& panel = panels[static_cast<std::size_t>(i)];
                      panel.to->pack_panel(panel.from, panel.panel);
                    }
                  });
}

}  // namespace heddle::cpu
