#pragma once

// Kernels around the main loops of product_tile.h and product_mma.h, and the choice of the tile.
//
// whole_product: a block computes a tile with all of k. partial_product and sum_of_parts, for
// products whose out is small and whose k is large ("split-K"): out alone has too few tiles to fill
// the device, so k is cut into parts and every part has a block. Their sums wait in memory until a
// second kernel adds them in the order of k. Where the cuts are is a function of k alone. So in
// both an element's bits depend on its row, its column and k, and neither on the tile nor on the
// device.

#include "kernels/gpu/product_mma.h"
#include "kernels/gpu/product_tile.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// grid: tiles of out; block and shared memory as the loop's tile.
template <typename Loop, typename Epilogue>
__global__ __launch_bounds__(Loop::Tile::threads, Loop::least_blocks) void whole_product(
    Factor<typename Loop::Element> left, Factor<typename Loop::Element> right, TileOrder order,
    Epilogue epilogue) {
  auto& shared = shared_memory<typename Loop::Shared>();
  const TileOrder::Tile tile = order.of(blockIdx.x);
  typename Loop::Sums sums;
  Loop::run(shared, left, right, tile, 0, static_cast<int>(left.elements.cols), sums);
  Loop::finish(sums, tile, left.elements.rows, right.elements.rows, epilogue);
}

/// grid: tiles of out × parts; block and shared memory as the loop's tile. Writes parts · m · n
/// sums.
template <typename Loop>
__global__ __launch_bounds__(Loop::Tile::threads, Loop::least_blocks) void partial_product(
    Factor<typename Loop::Element> left, Factor<typename Loop::Element> right, TileOrder order,
    int part_depth, Batch<typename Loop::Sum> parts) {
  using A = typename Loop::Sum;
  auto& shared = shared_memory<typename Loop::Shared>();
  TileOrder::Tile tile = order.of(blockIdx.x);
  const int begin = static_cast<int>(blockIdx.y) * part_depth;
  const int to_end = static_cast<int>(left.elements.cols) - begin;
  typename Loop::Sums sums;
  Loop::run(shared, left, right, tile, begin, begin + (part_depth < to_end ? part_depth : to_end),
            sums);
  tile.matrix += blockIdx.y * left.elements.batch;
  Loop::finish(sums, tile, left.elements.rows, right.elements.rows,
               StoreProduct<A>{parts, parts.cols % widest<A> == 0 ? widest<A> : 1, false});
}

/// One thread per element of out: adds the parts' sums in the order of k and gives the result to
/// the epilogue. Reads parts · m · n sums.
template <typename A, typename Epilogue>
__global__ __launch_bounds__(256) void sum_of_parts(Batch<const A> parts, std::int64_t batch,
                                                    Epilogue epilogue) {
  const std::int64_t at = std::int64_t{blockIdx.x} * 256 + threadIdx.x;
  const std::int64_t of_matrix = parts.rows * parts.cols;
  if (at >= batch * of_matrix) {
    return;
  }
  const std::int64_t matrix = at / of_matrix;
  const std::int64_t row = at % of_matrix / parts.cols;
  const std::int64_t col = at % parts.cols;
  A sum[1] = {0};
  for (std::int64_t first = 0; first < parts.batch; first += batch) {
    counted<1>(sum[0] += parts(first + matrix, row, col));
  }
  epilogue(matrix, row, col, sum);
}

/// The length of one part: at least 256 (below, the second pass costs more than it gives), a
/// multiple of every slab's depth, and not more than 64 parts (their sums are written and read).
inline std::int64_t part_depth_of(std::int64_t k) {
  constexpr std::int64_t least = 256;
  constexpr std::int64_t most_parts = 64;
  const std::int64_t per_part = (k + most_parts - 1) / most_parts;
  return std::max(least, (per_part + least - 1) / least * least);
}

/// What a launch goes by: both factors (batch, m, n, k) and the name for errors and profiles.
template <typename T>
struct ProductLaunch {
  Stream& stream;
  const char* kernel;
  const Factor<T>& left;
  const Factor<T>& right;

  std::int64_t rows() const { return left.elements.rows; }
  std::int64_t cols() const { return right.elements.rows; }
  std::int64_t batch() const { return left.elements.batch; }
  std::int64_t depth() const { return left.elements.cols; }
  /// Tiles of side × side in all.
  std::int64_t tiles(std::int64_t side) const {
    return (rows() + side - 1) / side * ((cols() + side - 1) / side) * batch();
  }
};

/// Blocks that fill a large GPU. A constant and not the device's number, so that nothing depends on
/// the device.
constexpr std::int64_t enough_blocks = 128;

template <typename Loop, typename T, typename Epilogue>
void launch_whole(const ProductLaunch<T>& product, const Epilogue& epilogue) {
  using Tile = typename Loop::Tile;
  const TileOrder order = tiles_of(product.rows(), product.cols(), Tile::rows, Tile::cols);
  launch(whole_product<Loop, Epilogue>,
         Launch{product.kernel, product.stream, blocks_of(order, product.batch()), Tile::threads,
                sizeof(typename Loop::Shared)},
         product.left, product.right, order, epilogue);
}

/// Errors: the sums of the parts do not fit into memory.
template <typename Loop, typename T, typename Epilogue>
void launch_split(const ProductLaunch<T>& product, const Epilogue& epilogue) {
  using Tile = typename Loop::Tile;
  using A = typename Loop::Sum;
  const std::int64_t part_depth = part_depth_of(product.depth());
  const unsigned parts = blocks_for(product.depth(), part_depth);
  if (parts <= 1) {
    launch_whole<Loop>(product, epilogue);
    return;
  }
  const std::int64_t rows = product.rows();
  const std::int64_t cols = product.cols();
  const std::int64_t elements = checked_multiply(checked_multiply(rows, cols, product.kernel),
                                                 product.batch(), product.kernel);
  const Scratch<A> scratch(product.stream, checked_multiply(elements, parts, product.kernel));
  const Batch<A> sums{scratch.data(), parts * product.batch(), rows, cols, rows * cols, cols, 1};
  const TileOrder order = tiles_of(rows, cols, Tile::rows, Tile::cols);
  launch(partial_product<Loop>,
         Launch{product.kernel, product.stream, dim3(blocks_of(order, product.batch()), parts),
                Tile::threads, sizeof(typename Loop::Shared)},
         product.left, product.right, order, static_cast<int>(part_depth), sums);
  launch(sum_of_parts<A, Epilogue>,
         Launch{product.kernel, product.stream, blocks_for(elements, 256), 256},
         Batch<const A>{sums.data, sums.batch, rows, cols, rows * cols, cols, 1}, product.batch(),
         epilogue);
}

// With the largest tile that still gives the device enough blocks. The choice changes no bits.

template <typename T, typename Epilogue>
void launch_register_tile(const ProductLaunch<T>& product, const Epilogue& epilogue) {
  if constexpr (std::is_same_v<T, float>) {
    if (product.tiles(128) >= enough_blocks) {
      launch_whole<FmaLoop<T, LargeTile>>(product, epilogue);
      return;
    }
  }
  if (product.tiles(64) >= enough_blocks) {
    launch_whole<FmaLoop<T, MiddleTile>>(product, epilogue);
  } else {
    launch_whole<FmaLoop<T, SmallTile>>(product, epilogue);
  }
}

template <typename T, typename Epilogue>
void launch_register_tile_split(const ProductLaunch<T>& product, const Epilogue& epilogue) {
  const std::int64_t parts =
      (product.depth() + part_depth_of(product.depth()) - 1) / part_depth_of(product.depth());
  if (product.tiles(64) * parts >= enough_blocks) {
    launch_split<FmaLoop<T, MiddleTile>>(product, epilogue);
  } else {
    launch_split<FmaLoop<T, SmallTile>>(product, epilogue);
  }
}

template <typename Fragments, typename T, typename Epilogue>
void launch_tensor_cores(const ProductLaunch<T>& product, const Epilogue& epilogue) {
  if (product.tiles(128) >= enough_blocks) {
    launch_whole<MmaLoop<T, Fragments, LargeMmaTile>>(product, epilogue);
  } else {
    launch_whole<MmaLoop<T, Fragments, SmallMmaTile>>(product, epilogue);
  }
}

template <typename Fragments, typename T, typename Epilogue>
void launch_tensor_cores_split(const ProductLaunch<T>& product, const Epilogue& epilogue) {
  launch_split<MmaLoop<T, Fragments, SmallMmaTile>>(product, epilogue);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
