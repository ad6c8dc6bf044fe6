#pragma once

#include <cstdint>
#include <vector>

#include "core/tensor.h"

namespace heddle::bench {

/// Sizes of an LSTM layer, and where cuDNN wants its steps: padded [T, B, ·], or packed, which is
/// the rows sorted by falling length (equal ones as they came), of each step those that still run.
struct RnnLayout {
  std::int64_t time = 0, batch = 0, input = 0, hidden = 0, directions = 0;
  bool packed = false;
  std::vector<std::int64_t> lengths;  // of the batch's rows as given
  std::vector<std::int64_t> order;    // cuDNN's row i is our row order[i]

  /// Errors: sizes that do not fit together, a length outside 1 … T.
  RnnLayout(const Tensor& x, const Tensor& weight_hidden, std::vector<std::int64_t> row_lengths,
            bool is_packed);

  /// Steps of all rows as cuDNN holds them: T · B, or the sum of lengths.
  std::int64_t step_count() const;
  /// lengths in cuDNN's order of rows.
  std::vector<int> ordered_lengths() const;
  /// [T, B, width] → what cuDNN reads; itself where padded.
  Tensor to_cudnn(const Tensor& steps) const;
  /// [step_count, width] → [T, B, width], 0 beyond a row's length; padded: reshaped.
  Tensor steps_from_cudnn(const Tensor& steps) const;
  /// [D, B, H] with cuDNN's order of rows → with ours.
  Tensor states_from_cudnn(const Tensor& states) const;
};

}  // namespace heddle::bench
