#pragma once

// The main loop of products by warp groups (sm_90a): in the place of product_mma.h's.
//
// Nobody loads and nobody waits for what it loads. One warp is the producer: a thread of it asks
// the copy engine for tiles of both factors, `stages` slabs ahead. Two warp groups are consumers:
// each tells the tensor cores to multiply 64 rows of the slab by all of its columns, straight out
// of shared memory, and keeps nothing but sums in registers. Two barriers per stage join them:
// `full`, whose phase ends when the slab's bytes are there, and `empty`, whose phase ends when all
// consumer warps have done with it. A warp group has one slab's products on their way while it
// waits for the next slab.
//
// The copy engine wants lines whose addresses are multiples of 16 bytes, and f32 factors must be
// contiguous along k (the tensor cores transpose 2-byte elements alone); where that is not so,
// `launch_warpgroups` says no and launches nothing.

#include "kernels/gpu/device/warpgroup.h"
#include "kernels/gpu/product_launch.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// A block's tile: 128 rows (64 of each consumer) × cols, and a slab's depth of 128 bytes.
template <typename Kind_, int cols_, int stages_, int blocks_, bool left_along_depth_,
          bool right_along_depth_>
struct WarpgroupTile {
  using Kind = Kind_;
  using Element = typename Kind::Element;
  static constexpr int rows = 128, cols = cols_, depth = tile_line_bytes / int{sizeof(Element)};
  static constexpr int stages = stages_;
  static constexpr int least_blocks = blocks_;  // on a multiprocessor at a time
  static constexpr bool left_along_depth = left_along_depth_;
  static constexpr bool right_along_depth = right_along_depth_;
  static constexpr int consumer_warps = rows / warpgroup_rows * 4;
  static constexpr int threads = (consumer_warps + 1) * 32;
  static constexpr int left_bytes = rows * tile_line_bytes;
  static constexpr int right_bytes = cols * tile_line_bytes;
};

/// A stage of a factor along k: a line of 128 bytes for each row (or column) of the tile. Along the
/// side: one tile after the other, each 128 bytes of the side wide, with a line for each step of k.
template <typename Tile>
struct WarpgroupShared {
  SharedArray<unsigned char, Tile::stages, Tile::left_bytes> left;
  SharedArray<unsigned char, Tile::stages, Tile::right_bytes> right;
  SharedArray<TransactionBarrier, Tile::stages> full;
  SharedArray<TransactionBarrier, Tile::stages> empty;
};

/// What of a product its tensor maps do not say.
struct WarpgroupProduct {
  std::int64_t rows, cols;
  int slabs;
  int left_matrices, right_matrices;  // 1 where all are the same one
};

namespace product_detail {

/// Brings one factor's part of a slab: `side` rows (or columns) from `first_side`, k from `depth`.
template <typename Tile, int side, bool along_depth>
__device__ __forceinline__ void bring_factor(unsigned char* to, const TensorMap& map,
                                             int first_side, int depth, int matrix,
                                             TransactionBarrier* full) {
  if constexpr (along_depth) {
    copy_tile_async(to, map, depth, first_side, matrix, full);
  } else {
    constexpr int width = tile_line_bytes / int{sizeof(typename Tile::Element)};
    HEDDLE_UNROLL
    for (int s = 0; s < side; s += width) {
      copy_tile_async(to + s / width * Tile::depth * tile_line_bytes, map, first_side + s, depth,
                      matrix, full);
    }
  }
}

template <typename Tile, typename Shared>
__device__ __forceinline__ void bring_slabs(Shared& shared, const TensorMap& left,
                                            const TensorMap& right, const WarpgroupProduct& product,
                                            const TileOrder::Tile& tile) {
  const int left_matrix = product.left_matrices == 1 ? 0 : static_cast<int>(tile.matrix);
  const int right_matrix = product.right_matrices == 1 ? 0 : static_cast<int>(tile.matrix);
  int stage = 0;
  int parity = 1;  // all stages are empty at first
  HEDDLE_KEEP_LOOP
  for (int slab = 0; slab < product.slabs; ++slab) {
    wait_barrier(shared.empty.address(stage), parity);
    TransactionBarrier* const full = shared.full.address(stage);
    arrive_expecting(full, Tile::left_bytes + Tile::right_bytes);
    bring_factor<Tile, Tile::rows, Tile::left_along_depth>(shared.left.address(stage, 0), left,
                                                           static_cast<int>(tile.row) * Tile::rows,
                                                           slab * Tile::depth, left_matrix, full);
    bring_factor<Tile, Tile::cols, Tile::right_along_depth>(shared.right.address(stage, 0), right,
                                                            static_cast<int>(tile.col) * Tile::cols,
                                                            slab * Tile::depth, right_matrix, full);
    if (++stage == Tile::stages) {
      stage = 0;
      parity ^= 1;
    }
  }
}

/// `group` is the warp group's number among the consumers.
template <typename Tile, typename Shared>
__device__ __forceinline__ void multiply_slabs(Shared& shared, int slabs, int group,
                                               WarpgroupSums<Tile::cols>& sums) {
  using Kind = typename Tile::Kind;
  // 64 rows further on, in either layout.
  const int first_byte = group * warpgroup_rows * tile_line_bytes;
  const bool is_first_lane = threadIdx.x % 32 == 0;
  int stage = 0;
  int parity = 0;
  int before = 0;  // the stage of the slab before
  HEDDLE_KEEP_LOOP
  for (int slab = 0; slab < slabs; ++slab) {
    wait_barrier(shared.full.address(stage), parity);
    fence_products(sums);
    HEDDLE_UNROLL
    for (int depth = 0; depth < Tile::depth; depth += Kind::depth) {
      wgmma<Kind, Tile::left_along_depth, Tile::right_along_depth>(
          sums,
          factor_of_tile<Kind, Tile::left_along_depth>(shared.left.address(stage, first_byte),
                                                       depth, Tile::depth),
          factor_of_tile<Kind, Tile::right_along_depth>(shared.right.address(stage, 0), depth,
                                                        Tile::depth));
    }
    commit_products();
    wait_products<1>();
    if (slab > 0 && is_first_lane) {
      arrive(shared.empty.address(before));
    }
    before = stage;
    if (++stage == Tile::stages) {
      stage = 0;
      parity ^= 1;
    }
  }
  wait_products(sums);
}

}  // namespace product_detail

/// grid: tiles of out; block: Tile::threads, consumers first; shared: Tile::stages slabs of both
/// factors. Reads (1/rows + 1/cols) · k elements per element of out.
template <typename Tile, typename Epilogue>
__global__ __launch_bounds__(Tile::threads, Tile::least_blocks) void warpgroup_product(
    const __grid_constant__ TensorMap left, const __grid_constant__ TensorMap right,
    WarpgroupProduct product, TileOrder order, Epilogue epilogue) {
  auto& shared = tile_memory<WarpgroupShared<Tile>>();
  const int warp = static_cast<int>(threadIdx.x) / 32;
  if (threadIdx.x == 0) {
    HEDDLE_UNROLL
    for (int stage = 0; stage < Tile::stages; ++stage) {
      init_barrier(shared.full.address(stage), 1);
      init_barrier(shared.empty.address(stage), Tile::consumer_warps);
    }
    fence_barriers();
  }
  sync_threads();
  const TileOrder::Tile tile = order.of(blockIdx.x);
  if (warp == Tile::consumer_warps) {
    if (threadIdx.x % 32 == 0) {
      product_detail::bring_slabs<Tile>(shared, left, right, product, tile);
    }
    return;
  }
  const int group = warp / 4;
  WarpgroupSums<Tile::cols> sums;
  product_detail::multiply_slabs<Tile>(shared, product.slabs, group, sums);
  HEDDLE_UNROLL
  for (int i = 0; i < Tile::cols / 2; i += 2) {
    const TilePlace place = warpgroup_sum_place(static_cast<int>(threadIdx.x) % 128, i);
    const std::int64_t row = tile.row * Tile::rows + group * warpgroup_rows + place.row;
    const std::int64_t col = tile.col * Tile::cols + place.col;
    if (row < product.rows && col < product.cols) {
      const float pair[2] = {sums(i), sums(i + 1)};
      epilogue(tile.matrix, row, col, pair);
    }
  }
}

/// Whether the card is a Hopper (compute capability 9.0: wgmma is no part of any other) and this
/// build has code for it (cmake/gpu_kernels.cmake); always under sim.
inline bool has_warpgroup_products([[maybe_unused]] const Stream& stream) {
#if !defined(__CUDACC__)
  return true;
#elif defined(HEDDLE_HAS_SM_90A)
  return limits_of(stream).architecture == 90;
#else
  return false;
#endif
}

namespace product_detail {

/// A factor as the copy engine would read it: tiles of 128 bytes along its contiguous dimension and
/// `side` rows (or columns), or `depth` steps of k.
template <typename Kind>
TileSource tile_source(const Factor<typename Kind::Element>& factor, int side, int depth) {
  using Element = typename Kind::Element;
  constexpr std::int64_t bytes = sizeof(Element);
  const Batch<const Element>& m = factor.elements;
  const bool along_depth = factor.depth_contiguous;
  TileSource source{.data = m.data,
                    .element = Kind::tile_element,
                    .length = along_depth ? m.cols : m.rows,
                    .lines = along_depth ? m.rows : m.cols,
                    .matrices = m.batch_stride == 0 ? 1 : m.batch,
                    .line_stride = (along_depth ? m.row_stride : m.col_stride) * bytes,
                    .matrix_stride = m.batch_stride * bytes,
                    .tile_lines = along_depth ? side : depth};
  // Strides that lead nowhere may be any.
  const auto rounded = [](std::int64_t size) { return (size + 15) / 16 * 16; };
  if (source.lines == 1) {
    source.line_stride = rounded(source.length * bytes);
  }
  if (source.matrices == 1) {
    source.matrix_stride = rounded(source.lines * source.line_stride);
  }
  return source;
}

template <typename Tile, typename Epilogue>
void launch_warpgroup_tile(const ProductLaunch<typename Tile::Element>& product,
                           const Epilogue& epilogue) {
  using Kind = typename Tile::Kind;
  const TileSource left = tile_source<Kind>(product.left, Tile::rows, Tile::depth);
  const TileSource right = tile_source<Kind>(product.right, Tile::cols, Tile::depth);
  const TileOrder order = tiles_of(product.rows(), product.cols(), Tile::rows, Tile::cols);
  const WarpgroupProduct sizes{product.rows(), product.cols(),
                               static_cast<int>((product.depth() + Tile::depth - 1) / Tile::depth),
                               static_cast<int>(left.matrices), static_cast<int>(right.matrices)};
  launch(warpgroup_product<Tile, Epilogue>,
         Launch{product.kernel, product.stream, blocks_of(order, product.batch()), Tile::threads,
                sizeof(WarpgroupShared<Tile>)},
         tensor_map_of(product.stream, product.kernel, left),
         tensor_map_of(product.stream, product.kernel, right), sizes, order, epilogue);
}

/// The large tile reads a quarter less of the second cache and of shared memory; the small one lets
/// two blocks share a multiprocessor, so that one multiplies while the other has its epilogue.
template <typename Kind, bool left_along_depth, bool right_along_depth, typename Epilogue>
void launch_warpgroup_layout(const ProductLaunch<typename Kind::Element>& product,
                             const Epilogue& epilogue) {
  using Large = WarpgroupTile<Kind, 256, 4, 1, left_along_depth, right_along_depth>;
  using Small = WarpgroupTile<Kind, 128, 3, 2, left_along_depth, right_along_depth>;
  if ((product.cols() + 255) / 256 * ((product.rows() + 127) / 128) * product.batch() >=
      enough_blocks) {
    launch_warpgroup_tile<Large>(product, epilogue);
  } else {
    launch_warpgroup_tile<Small>(product, epilogue);
  }
}

}  // namespace product_detail

/// Launches the product, or returns false where the card, the build or the factors' alignment do
/// not allow it. `every_layout`: bf16 factors along k and along the side; else along k alone.
template <typename Kind, bool every_layout, typename Epilogue>
bool launch_warpgroups(const ProductLaunch<typename Kind::Element>& product,
                       const Epilogue& epilogue) {
  using namespace product_detail;
  const bool left = product.left.depth_contiguous;
  const bool right = product.right.depth_contiguous;
  if (!has_warpgroup_products(product.stream) ||
      !fits_tensor_map(tile_source<Kind>(product.left, 128, 128)) ||
      !fits_tensor_map(tile_source<Kind>(product.right, 128, 128))) {
    return false;
  }
  if (left && right) {
    launch_warpgroup_layout<Kind, true, true>(product, epilogue);
    return true;
  }
  if constexpr (every_layout) {
    static_assert(std::is_same_v<Kind, WarpgroupBf16>);
    if (left) {
      launch_warpgroup_layout<Kind, true, false>(product, epilogue);
    } else if (right) {
      launch_warpgroup_layout<Kind, false, true>(product, epilogue);
    } else {
      launch_warpgroup_layout<Kind, false, false>(product, epilogue);
    }
    return true;
  }
  return false;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
