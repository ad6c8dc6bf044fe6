#pragma once

// Products whose out is small and whose k is large ("split-K"): out alone has too few tiles to fill
// the device, so k is cut into parts and every part has a block. Their sums wait in memory until a
// second kernel adds them in the order of k. Where the cuts are is a function of k alone, so that
// an element's bits still depend on its row, its column and k, and not on the device.

#include "kernels/gpu/product_tile.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// The length of one part: at least 256 (below, the second pass costs more than it gives), a
/// multiple of every slab's depth, and not more than 64 parts (their sums are written and read).
inline std::int64_t part_depth_of(std::int64_t k) {
  constexpr std::int64_t least = 256;
  constexpr std::int64_t most_parts = 64;
  const std::int64_t per_part = (k + most_parts - 1) / most_parts;
  return std::max(least, (per_part + least - 1) / least * least);
}

/// grid: tiles of out × parts; block and shared memory as the tile's. Reads what
/// register_tile_product reads; writes parts · m · n sums.
template <typename T, typename Tile>
__global__ __launch_bounds__(Tile::threads) void partial_product(Factor<T> left, Factor<T> right,
                                                                 TileOrder order,
                                                                 std::int64_t part_depth,
                                                                 Batch<accumulate_t<T>> parts) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<RegisterTileShared<A, Tile>>();
  TileOrder::Tile tile = order.of(blockIdx.x);
  const std::int64_t begin = blockIdx.y * part_depth;
  const std::int64_t k = left.elements.cols;
  const std::int64_t end = begin + part_depth < k ? begin + part_depth : k;
  RegisterSums<A, Tile> sums;
  multiply_tile<T, Tile>(shared, left, right, tile, begin, end, sums);
  tile.matrix += blockIdx.y * left.elements.batch;
  finish_tile(sums, tile, left.elements.rows, right.elements.rows,
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
    sum[0] += parts(first + matrix, row, col);
  }
  epilogue(matrix, row, col, sum);
}

template <typename T, typename Epilogue>
void launch_split_product(Stream& stream, const char* kernel, const Factor<T>& left,
                          const Factor<T>& right, const Epilogue& epilogue) {
  using A = accumulate_t<T>;
  const std::int64_t rows = left.elements.rows;
  const std::int64_t cols = right.elements.rows;
  const std::int64_t batch = left.elements.batch;
  const std::int64_t part_depth = part_depth_of(left.elements.cols);
  const unsigned parts = blocks_for(left.elements.cols, part_depth);
  if (parts <= 1) {
    launch_register_tile(stream, kernel, left, right, epilogue);
    return;
  }
  const std::int64_t elements =
      checked_multiply(checked_multiply(rows, cols, kernel), batch, kernel);
  const Scratch<A> scratch(stream, checked_multiply(elements, parts, kernel));
  const Batch<A> sums{scratch.data(), parts * batch, rows, cols, rows * cols, cols, 1};
  const auto multiply = [&](auto tile) {
    using Tile = decltype(tile);
    const TileOrder order = tiles_of(rows, cols, Tile::rows, Tile::cols);
    launch(partial_product<T, Tile>,
           Launch{kernel, stream, dim3(blocks_of(order, batch), parts), Tile::threads,
                  sizeof(RegisterTileShared<A, Tile>)},
           left, right, order, part_depth, sums);
  };
  // Enough blocks, as in launch_register_tile.
  if (tiles_of(rows, cols, 64, 64).row_tiles * tiles_of(rows, cols, 64, 64).col_tiles * batch *
          parts >=
      128) {
    multiply(MiddleTile{});
  } else {
    multiply(SmallTile{});
  }
  launch(sum_of_parts<A, Epilogue>, Launch{kernel, stream, blocks_for(elements, 256), 256},
         Batch<const A>{sums.data, sums.batch, rows, cols, rows * cols, cols, 1}, batch, epilogue);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
