#include "kernels/cpu/optimizer_tiles.h"

#include <algorithm>

#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

constexpr std::int64_t tile_elements = 16384;

void check_slot(const char* kernel, const UpdateSlot& slot) {
  const ConstView& gradient = slot.gradient;
  check_dense(kernel, {"gradient", gradient}, gradient.shape, gradient.dtype);
  for (const NamedView& view : {NamedView{"value", slot.value}, NamedView{"first", slot.first},
                                NamedView{"second", slot.second}}) {
    if (view.view.given) {
      check_dense(kernel, view, gradient.shape, gradient.dtype);
    }
  }
  check(!slot.touched_rows_only || gradient.rank() == 2, kernel,
        ": a slot with touched_rows_only is ", gradient.shape, "; expected rank 2");
}

std::int64_t tile_size(const UpdateSlot& slot) {
  if (!slot.touched_rows_only) {
    return tile_elements;
  }
  const std::int64_t width = std::max<std::int64_t>(slot.gradient.size(1), 1);
  return std::max<std::int64_t>(1, tile_elements / width) * width;
}

}  // namespace

OptimizerTiles::OptimizerTiles(const char* kernel, std::span<const UpdateSlot> slots)
    : slots_(slots), first_tile_{0} {
  tile_size_.reserve(slots.size());
  first_tile_.reserve(slots.size() + 1);
  for (const UpdateSlot& slot : slots) {
    check_slot(kernel, slot);
    const std::int64_t size = tile_size(slot);
    tile_size_.push_back(size);
    first_tile_.push_back(first_tile_.back() + (slot.gradient.elements() + size - 1) / size);
  }
}

SlotRange OptimizerTiles::range(std::int64_t tile) const {
  const auto after = std::upper_bound(first_tile_.begin(), first_tile_.end(), tile);
  const auto slot = static_cast<std::size_t>(after - first_tile_.begin() - 1);
  const std::int64_t begin = (tile - first_tile_[slot]) * tile_size_[slot];
  return {&slots_[slot], begin,
          std::min(begin + tile_size_[slot], slots_[slot].gradient.elements())};
}

}  // namespace heddle::cpu
