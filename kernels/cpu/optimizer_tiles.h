#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/optimizer.h"

namespace heddle::cpu {

/// The elements of one slot that one tile updates.
struct SlotRange {
  const UpdateSlot* slot;
  std::int64_t begin, end;
};

/// Cuts many slots into tiles of about equal size, so that one parallel loop serves large tables
/// and small biases alike. A tile of a slot with touched_rows_only has whole rows.
class OptimizerTiles {
 public:
  /// Errors: views that are not contiguous, or not of one shape and type. `kernel` is named in
  /// them.
  OptimizerTiles(const char* kernel, std::span<const UpdateSlot> slots);

  std::int64_t count() const { return first_tile_.back(); }
  SlotRange range(std::int64_t tile) const;

 private:
  std::span<const UpdateSlot> slots_;
  std::vector<std::int64_t> tile_size_;   // elements, per slot
  std::vector<std::int64_t> first_tile_;  // per slot, and the count at the end
};

}  // namespace heddle::cpu
