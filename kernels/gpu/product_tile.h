#pragma once

// The main loop of products on the FMA units ("register tile"): a block computes a tile of out from
// slabs of both factors in shared memory; a thread keeps a small rectangle of sums in registers, so
// that each number it reads from shared memory is used several times.
//
//   sums(i, j) = Σ_p left(i, p) · right(j, p)      p ascending, one rounding per step
//
// The bits of an element depend on its row, its column and the range of p alone: not on the tile's
// size nor on the place in it. What happens to finished sums is the epilogue's business.

#include "kernels/gpu/product_factors.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// A block's tile is rows × cols, fed by slabs of `depth`; a thread's part of it is
/// thread_rows × thread_cols.
template <int rows_, int cols_, int depth_, int thread_rows_, int thread_cols_>
struct RegisterTile {
  static constexpr int rows = rows_, cols = cols_, depth = depth_;
  static constexpr int thread_rows = thread_rows_, thread_cols = thread_cols_;
  static constexpr int threads_down = rows / thread_rows, threads_across = cols / thread_cols;
  static constexpr int threads = threads_down * threads_across;
  // A warp covers 4 × 8 threads, so that its reads of shared memory are 4 and 8 different pieces.
  static_assert(threads_down % 4 == 0 && threads_across % 8 == 0);
};

/// Two slabs of each factor, k first: while one is computed with, the next arrives. Four elements
/// at the end of each line keep stores of a transposed slab out of each other's banks.
template <typename A, typename Tile>
struct RegisterTileShared {
  SharedArray<A, 2, Tile::depth, Tile::rows + 4> left;
  SharedArray<A, 2, Tile::depth, Tile::cols + 4> right;
};

/// A thread's sums. Its rows (and columns) come in pieces of neighbours that can be loaded at once,
/// the pieces of all threads interleaved.
template <typename A, typename Tile>
struct RegisterSums {
  static constexpr int piece_rows = Tile::thread_rows < widest<A> ? Tile::thread_rows : widest<A>;
  static constexpr int piece_cols = Tile::thread_cols < widest<A> ? Tile::thread_cols : widest<A>;
  static constexpr int row_pieces = Tile::thread_rows / piece_rows;
  static constexpr int col_pieces = Tile::thread_cols / piece_cols;

  A sum[Tile::thread_rows][Tile::thread_cols] = {};

  /// First row of piece i, and first column of piece j, within the tile.
  __device__ __forceinline__ static int row_of_piece(int i) {
    const int warp = static_cast<int>(threadIdx.x / 32);
    const int down = warp / (Tile::threads_across / 8) * 4 + static_cast<int>(threadIdx.x % 32) / 8;
    return (i * Tile::threads_down + down) * piece_rows;
  }
  __device__ __forceinline__ static int col_of_piece(int j) {
    const int warp = static_cast<int>(threadIdx.x / 32);
    const int across = warp % (Tile::threads_across / 8) * 8 + static_cast<int>(threadIdx.x % 8);
    return (j * Tile::threads_across + across) * piece_cols;
  }
};

namespace product_detail {

/// A slab from registers to shared memory, in the type sums are kept in, k first.
template <typename T, typename A, int side, int depth, int threads, typename Array>
__device__ __forceinline__ void store_slab(const Slab<T, side, depth, threads>& slab,
                                           bool depth_contiguous, int stage, Array& shared) {
  using OneSlab = Slab<T, side, depth, threads>;
  constexpr int width = OneSlab::width;
  HEDDLE_UNROLL
  for (int i = 0; i < OneSlab::pieces; ++i) {
    const auto place = OneSlab::place_of(i, static_cast<int>(threadIdx.x), depth_contiguous);
    if (depth_contiguous) {
      HEDDLE_UNROLL
      for (int j = 0; j < width; ++j) {
        shared(stage, place.along_depth + j, place.along_side) = widen<T>(slab.piece[i][j]);
      }
      continue;
    }
    // Storage types of 2 bytes come in pieces that are wider, in A, than one store.
    constexpr int store_width = width < widest<A> ? width : widest<A>;
    HEDDLE_UNROLL
    for (int first = 0; first < width; first += store_width) {
      Vector<A, store_width> value;
      HEDDLE_UNROLL
      for (int j = 0; j < store_width; ++j) {
        value[j] = widen<T>(slab.piece[i][first + j]);
      }
      store_shared(shared.address(stage, place.along_depth, place.along_side + first), value);
    }
  }
}

template <typename A, typename Tile>
__device__ __forceinline__ void add_slab(RegisterTileShared<A, Tile>& shared, int stage,
                                         RegisterSums<A, Tile>& sums) {
  using Sums = RegisterSums<A, Tile>;
  HEDDLE_UNROLL
  for (int p = 0; p < Tile::depth; ++p) {
    A left[Tile::thread_rows];
    A right[Tile::thread_cols];
    HEDDLE_UNROLL
    for (int i = 0; i < Sums::row_pieces; ++i) {
      const Vector<A, Sums::piece_rows> piece =
          load_shared<Sums::piece_rows>(shared.left.address(stage, p, Sums::row_of_piece(i)));
      HEDDLE_UNROLL
      for (int e = 0; e < Sums::piece_rows; ++e) {
        left[i * Sums::piece_rows + e] = piece[e];
      }
    }
    HEDDLE_UNROLL
    for (int j = 0; j < Sums::col_pieces; ++j) {
      const Vector<A, Sums::piece_cols> piece =
          load_shared<Sums::piece_cols>(shared.right.address(stage, p, Sums::col_of_piece(j)));
      HEDDLE_UNROLL
      for (int e = 0; e < Sums::piece_cols; ++e) {
        right[j * Sums::piece_cols + e] = piece[e];
      }
    }
    HEDDLE_UNROLL
    for (int i = 0; i < Tile::thread_rows; ++i) {
      HEDDLE_UNROLL
      for (int j = 0; j < Tile::thread_cols; ++j) {
        sums.sum[i][j] = multiply_add(left[i], right[j], sums.sum[i][j]);
      }
    }
  }
}

}  // namespace product_detail

/// The loop, in the form product_launch.h takes.
template <typename T, typename Tile_>
struct FmaLoop {
  using Element = T;
  using Sum = accumulate_t<T>;
  using Tile = Tile_;
  using Shared = RegisterTileShared<Sum, Tile>;
  using Sums = RegisterSums<Sum, Tile>;
  static constexpr int least_blocks = 2;  // on a multiprocessor at a time

  /// Adds the products of p in [begin, end) to `sums`. One barrier per slab: the slab after the one
  /// in use travels from global memory to registers meanwhile, then into the other buffer.
  __device__ __forceinline__ static void run(Shared& shared, const Factor<T>& left,
                                             const Factor<T>& right, const TileOrder::Tile& tile,
                                             int begin, int end, Sums& sums) {
    Slab<T, Tile::rows, Tile::depth, Tile::threads> left_slab;
    Slab<T, Tile::cols, Tile::depth, Tile::threads> right_slab;
    left_slab.start(left, left.elements.matrix(tile.matrix), tile.row * Tile::rows, begin);
    right_slab.start(right, right.elements.matrix(tile.matrix), tile.col * Tile::cols, begin);
    const auto fetch = [&](int depth_left) {
      left_slab.fetch(left, depth_left);
      right_slab.fetch(right, depth_left);
    };
    const auto store = [&](int stage) {
      product_detail::store_slab<T, Sum>(left_slab, left.depth_contiguous, stage, shared.left);
      product_detail::store_slab<T, Sum>(right_slab, right.depth_contiguous, stage, shared.right);
    };
    int depth_left = end - begin;
    if (depth_left > 0) {
      fetch(depth_left);
      store(0);
    }
    sync_threads();
    for (int stage = 0; depth_left > 0; stage = 1 - stage) {
      depth_left -= Tile::depth;
      if (depth_left > 0) {
        fetch(depth_left);
      }
      product_detail::add_slab(shared, stage, sums);
      if (depth_left > 0) {
        store(1 - stage);
      }
      sync_threads();
    }
  }

  /// Gives finished sums to the epilogue, piece by piece, those inside out alone.
  template <typename Epilogue>
  __device__ __forceinline__ static void finish(const Sums& sums, const TileOrder::Tile& tile,
                                                std::int64_t rows, std::int64_t cols,
                                                const Epilogue& epilogue) {
    HEDDLE_UNROLL
    for (int i = 0; i < Tile::thread_rows; ++i) {
      const std::int64_t row =
          tile.row * Tile::rows + Sums::row_of_piece(i / Sums::piece_rows) + i % Sums::piece_rows;
      HEDDLE_UNROLL
      for (int j = 0; j < Sums::col_pieces; ++j) {
        const std::int64_t col = tile.col * Tile::cols + Sums::col_of_piece(j);
        if (row < rows && col < cols) {
          Sum piece[Sums::piece_cols];
          HEDDLE_UNROLL
          for (int e = 0; e < Sums::piece_cols; ++e) {
            piece[e] = sums.sum[i][j * Sums::piece_cols + e];
          }
          epilogue(tile.matrix, row, col, piece);
        }
      }
    }
  }
};

/// Products of float are computed in tiles of three sizes, others in the smaller two: a double
/// takes two registers, and bf16 is for tensor cores.
using LargeTile = RegisterTile<128, 128, 8, 8, 8>;  // 256 threads
using MiddleTile = RegisterTile<64, 64, 8, 4, 4>;   // 256 threads
using SmallTile = RegisterTile<32, 32, 16, 4, 2>;   // 128 threads

}  // namespace heddle::kernels::HEDDLE_BACKEND
