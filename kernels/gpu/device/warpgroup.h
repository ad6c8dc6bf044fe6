#pragma once

// Products by warp groups (sm_90a): d += a · b by 128 neighbouring threads, a of 64 rows, b of
// `cols` columns. Both factors are read from shared memory by the tensor cores themselves, out of
// tiles that copy_tile_async brought; sums stay in registers. The words begin work and go on:
//
//   fence_products(sums)      before the first product, and after sums were made or read
//   wgmma(sums, a, b)         begins sums += a · b; all 128 threads, the same factors
//   commit_products()         those begun since the last call form a group
//   wait_products<pending>()  until at most so many groups are on their way; then the tiles of the
//                             others may be overwritten
//   wait_products(sums)       until none is; then the sums may be read
//
// Which thread holds which sum, and where a factor's elements lie, is data for both builds. PTX
// ISA: wgmma.mma_async, "Matrix-Descriptor Format", "Register Fragments for wgmma.mma_async".

#include <cstdint>

#include "kernels/gpu/device/tile_copy.h"

namespace heddle::kernels::HEDDLE_BACKEND {

constexpr int warpgroup_threads = 128;
constexpr int warpgroup_rows = 64;

/// bf16 factors. Along k, or along the side: the tensor cores take both.
struct WarpgroupBf16 {
  using Element = bf16;
  static constexpr TileElement tile_element = TileElement::bf16;
  static constexpr int depth = 16;  // of one product
};
/// Factors of 11 significant bits; contiguous along k alone.
struct WarpgroupTf32 {
  using Element = float;
  static constexpr TileElement tile_element = TileElement::tf32;
  static constexpr int depth = 8;
};

/// Element i (0 … cols / 2 − 1) of the sums in thread t of the warp group.
__host__ __device__ constexpr TilePlace warpgroup_sum_place(int t, int i) {
  return {t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8, i / 4 * 8 + t % 4 * 2 + i % 2};
}

// A factor, as the tensor cores are told of it: 64 bits with, in units of 16 bytes, where it begins
// in shared memory (from bit 0) and two strides (from bits 16 and 32), and at bit 62 that its lines
// of 128 bytes are `swizzled`. Eight lines are 1024 bytes. Along k, a line is a row of a (a column
// of b), and the stride of bit 32 leads to the next eight of them. Along the side, a line is a step
// of k; the same stride leads to the next eight steps, and that of bit 16 to the next 128 bytes of
// the side.
constexpr std::uint32_t lines_stride = 8 * tile_line_bytes;

__host__ __device__ constexpr std::uint64_t factor_descriptor(std::uint32_t begin,
                                                              std::uint32_t side_stride) {
  return (begin & 0x3FFFFu) >> 4 | std::uint64_t{side_stride >> 4} << 16 |
         std::uint64_t{lines_stride >> 4} << 32 | std::uint64_t{1} << 62;
}
/// The byte of shared memory where element (side, k) of the factor lies.
__host__ __device__ constexpr std::uint32_t byte_of_factor(std::uint64_t descriptor,
                                                           bool along_depth, int element_bytes,
                                                           int side, int k) {
  const auto field = [&](int bit) {
    return static_cast<std::uint32_t>(descriptor >> bit & 0x3FFFu) << 4;
  };
  const int line_elements = tile_line_bytes / element_bytes;
  const int line = along_depth ? side : k;
  const int along = along_depth ? k : side % line_elements;
  const int next = along_depth ? 0 : side / line_elements;
  return swizzled(field(0) + static_cast<std::uint32_t>(line / 8) * field(32) +
                  static_cast<std::uint32_t>(next) * field(16) +
                  static_cast<std::uint32_t>(line % 8 * tile_line_bytes + along * element_bytes));
}

namespace detail {

__device__ __forceinline__ std::uint32_t begin_in_shared(const void* tile HEDDLE_PLACE) {
#if defined(__CUDACC__)
  return shared_address(tile);
#else
  auto& block = *::heddle::sim::current_block;
  const auto begin = static_cast<const unsigned char*>(tile) - block.shared();
  if (begin < 0 || begin % tile_alignment != 0) {
    block.fail_here(place, concat("factor_of_tile: the tile begins at byte ", begin,
                                  " of shared memory; expected a multiple of ", tile_alignment));
  }
  return static_cast<std::uint32_t>(begin);
#endif
}

}  // namespace detail

/// The factor whose sides begin with the tile's and whose k begins `depth` elements into it. Along
/// the side, a tile of 128 bytes of the side has `tile_depth` lines, and the next one follows it.
template <typename Kind, bool along_depth>
__device__ __forceinline__ std::uint64_t factor_of_tile(const void* tile, int depth,
                                                        int tile_depth HEDDLE_PLACE) {
  static_assert(along_depth || sizeof(typename Kind::Element) == 2);
  const int into =
      depth * (along_depth ? static_cast<int>(sizeof(typename Kind::Element)) : tile_line_bytes);
  return factor_descriptor(
      detail::begin_in_shared(tile HEDDLE_GIVE_PLACE) + static_cast<std::uint32_t>(into),
      along_depth ? 16u : static_cast<std::uint32_t>(tile_depth * tile_line_bytes));
}

}  // namespace heddle::kernels::HEDDLE_BACKEND

#if defined(__CUDACC__)
#include "kernels/gpu/device/warpgroup_cuda.h"
#else
#include "kernels/gpu/device/warpgroup_sim.h"
#endif
