#pragma once

// A stable sort of ids on the device: which places name id 0, which id 1, and so on, in each id the
// places in order. Integers alone, so that the result is the same in every run.

#include <cstdint>

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// keys[i] ≤ keys[i + 1]; places[i] is where keys[i] stood, and rises where keys are equal.
struct SortedIds {
  Row<const std::uint32_t> keys;
  Row<const std::uint32_t> places;
};

/// Sorts by 8 bits at a time, the lowest first (LSD radix sort): each step is stable, so that after
/// the last one all bits are in order. Up to `one_block_ids` ids in one launch of one block in
/// shared memory; more in three launches per step. An id outside [0, rows) counts as `rows`.
class IdSort {
 public:
  static constexpr std::int64_t one_block_ids = 4096;

  /// Errors: more than 2³¹ − 1 rows or ids.
  IdSort(Stream& stream, const char* kernel, const ConstView& ids, std::int64_t rows);

  SortedIds result() const { return result_; }

 private:
  Scratch<std::uint32_t> memory_;  // keys and places, twice where several blocks sort
  Scratch<std::uint32_t> counts_;  // of each digit in each block, and of each digit
  SortedIds result_;
};

/// The first i with keys[i] ≥ key, from `begin` on. All lanes of a warp call it with the same
/// arguments: 32 candidates are tried at a time, so that 3 steps search 32 768 keys.
__device__ __forceinline__ std::int64_t first_not_below(const Row<const std::uint32_t>& keys,
                                                        std::int64_t begin, std::uint32_t key) {
  const auto lane = static_cast<std::int64_t>(threadIdx.x % 32);
  std::int64_t end = keys.size;
  while (begin < end) {
    const std::int64_t step = (end - begin + 31) / 32;
    const std::int64_t candidate = begin + lane * step;
    const bool is_below = candidate < end && keys(candidate) < key;
    const std::int64_t below = count_bits(ballot(full_mask, is_below));
    if (below == 0) {
      return begin;
    }
    const std::int64_t next = begin + below * step;
    begin += (below - 1) * step + 1;
    end = next < end ? next : end;
  }
  return begin;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
