#pragma once

// The main loop of products on tensor cores: as product_tile.h, but a warp computes a rectangle of
// 16 × 8 sums at a time with mma (device/mma.h), from fragments it reads out of slabs in shared
// memory. Three ways to make factors of a tensor core out of numbers:
//
//   Tf32Factors      f32 rounded to 11 significant bits, one mma                    (class tf32)
//   SplitTf32Factors f32 = big + small, each of 11 bits: big·big + big·small + small·big, three
//                    mma; what is left out is small·small, 2⁻²² of a product        (class 3xtf32)
//   Bf16Factors      f32 rounded to 8 significant bits, or bf16 as stored, one mma   (class bf16)
//
// A slab lies in shared memory as its factor lies in memory: k contiguous or side contiguous. Which
// of the two is a branch that all threads take alike, around the reading of fragments alone; so one
// kernel serves all four combinations. sm_80 and later.

#include "kernels/gpu/product_factors.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// A block's tile, cut into rectangles of its warps.
template <int rows_, int cols_, int warp_rows_, int warp_cols_>
struct MmaTile {
  static constexpr int rows = rows_, cols = cols_, depth = 32;
  static constexpr int warp_rows = warp_rows_, warp_cols = warp_cols_;
  static constexpr int warps_across = cols / warp_cols;
  static constexpr int threads = rows / warp_rows * warps_across * 32;
  static constexpr int row_tiles = warp_rows / 16, col_tiles = warp_cols / 8;
  static_assert(col_tiles % 2 == 0);  // b is loaded 16 columns at a time
};
using LargeMmaTile = MmaTile<128, 128, 64, 32>;  // 256 threads
using SmallMmaTile = MmaTile<64, 64, 32, 32>;    // 128 threads

/// Where element (s, p) of a slab lies, with padding that puts the 8 lines a fragment touches into
/// different banks and keeps each a multiple of 16 bytes.
template <typename S, int side, int depth>
struct MmaSlabLayout {
  static constexpr int depth_line = depth + (sizeof(S) == 4 ? 4 : 8);  // k contiguous
  static constexpr int side_line = side + 8;                           // side contiguous
  static constexpr int elements =
      side * depth_line > depth* side_line ? side* depth_line : depth* side_line;

  template <bool along_depth>
  __device__ __forceinline__ static constexpr int at(int s, int p) {
    return along_depth ? s * depth_line + p : p * side_line + s;
  }
};

template <typename S, typename Tile>
struct MmaShared {
  using Left = MmaSlabLayout<S, Tile::rows, Tile::depth>;
  using Right = MmaSlabLayout<S, Tile::cols, Tile::depth>;
  SharedArray<S, 2, Left::elements> left;
  SharedArray<S, 2, Right::elements> right;
};

/// A warp's sums, 16 × 8 at a time.
template <typename Tile>
struct MmaSums {
  MmaSum sum[Tile::row_tiles][Tile::col_tiles] = {};

  __device__ __forceinline__ static int first_row() {
    return static_cast<int>(threadIdx.x / 32) / Tile::warps_across * Tile::warp_rows;
  }
  __device__ __forceinline__ static int first_col() {
    return static_cast<int>(threadIdx.x / 32) % Tile::warps_across * Tile::warp_cols;
  }
};

// ---- From shared memory to fragments, and their products ----

namespace product_detail {

/// f32 factors. A fragment has `parts` words for each word of a tensor core's: big alone, or big
/// and small.
template <int parts>
struct Tf32Fragments {
  using Shared = float;
  static constexpr int words = parts;
  static constexpr int depth = MmaTf32::depth;

  template <int count>
  struct Left {
    MmaTf32::A part[parts][count];
  };
  template <int count>
  struct Right {
    MmaTf32::B part[parts][count];
  };

  __device__ __forceinline__ static void split(float value, std::uint32_t (&word)[parts]) {
    const float big = to_tf32(value);
    word[0] = word_of(big);
    if constexpr (parts == 2) {
      word[1] = word_of(to_tf32(value - big));
    }
  }

  template <bool along_depth, typename Layout, typename Array, int count>
  __device__ __forceinline__ static void load_left(Array& from, int stage, int row, int depth,
                                                   Left<count>& left) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    HEDDLE_UNROLL
    for (int tile = 0; tile < count; ++tile) {
      HEDDLE_UNROLL
      for (int i = 0; i < 4; ++i) {
        const TilePlace place = a_place_tf32(lane, i);
        std::uint32_t word[parts];
        split(from(stage, Layout::template at<along_depth>(row + tile * 16 + place.row,
                                                           depth + place.col)),
              word);
        HEDDLE_UNROLL
        for (int part = 0; part < parts; ++part) {
          left.part[part][tile].word[i] = word[part];
        }
      }
    }
  }
  template <bool along_depth, typename Layout, typename Array, int count>
  __device__ __forceinline__ static void load_right(Array& from, int stage, int col, int depth,
                                                    Right<count>& right) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    HEDDLE_UNROLL
    for (int tile = 0; tile < count; ++tile) {
      HEDDLE_UNROLL
      for (int i = 0; i < 2; ++i) {
        const TilePlace place = b_place_tf32(lane, i);
        std::uint32_t word[parts];
        split(from(stage,
                   Layout::template at<along_depth>(col + tile * 8 + place.col, depth + place.row)),
              word);
        HEDDLE_UNROLL
        for (int part = 0; part < parts; ++part) {
          right.part[part][tile].word[i] = word[part];
        }
      }
    }
  }
  template <int rows, int cols>
  __device__ __forceinline__ static void multiply(const Left<rows>& left, const Right<cols>& right,
                                                  int i, int j, MmaSum& sum) {
    if constexpr (parts == 2) {
      mma(sum, left.part[1][i], right.part[0][j]);
      mma(sum, left.part[0][i], right.part[1][j]);
    }
    mma(sum, left.part[0][i], right.part[0][j]);
  }
};

/// bf16 factors: load_tiles brings four 8 × 8 tiles at once, transposed where the side is
/// contiguous.
struct Bf16Fragments {
  using Shared = bf16;
  static constexpr int words = 1;
  static constexpr int depth = MmaBf16::depth;

  template <int count>
  struct Left {
    MmaBf16::A tile[count];
  };
  template <int count>
  struct Right {
    std::uint32_t pair[count / 2][4];  // two tiles of 8 columns
  };

  template <bool along_depth, typename Layout, typename Array, int count>
  __device__ __forceinline__ static void load_left(Array& from, int stage, int row, int depth,
                                                   Left<count>& left) {
    // Tiles in the order of the words of a: rows 0 and 8 of depth 0, then of depth 8.
    const int lane = static_cast<int>(threadIdx.x % 32);
    const int s = row + lane / 8 % 2 * 8 + (along_depth ? lane % 8 : 0);
    const int p = depth + lane / 16 * 8 + (along_depth ? 0 : lane % 8);
    HEDDLE_UNROLL
    for (int tile = 0; tile < count; ++tile) {
      load_tiles<!along_depth>(
          left.tile[tile].word,
          from.address(stage, Layout::template at<along_depth>(s + tile * 16, p)));
    }
  }
  template <bool along_depth, typename Layout, typename Array, int count>
  __device__ __forceinline__ static void load_right(Array& from, int stage, int col, int depth,
                                                    Right<count>& right) {
    // Depth 0 and 8 of the first 8 columns, then of the next 8.
    const int lane = static_cast<int>(threadIdx.x % 32);
    const int s = col + lane / 16 * 8 + (along_depth ? lane % 8 : 0);
    const int p = depth + lane / 8 % 2 * 8 + (along_depth ? 0 : lane % 8);
    HEDDLE_UNROLL
    for (int pair = 0; pair < count / 2; ++pair) {
      load_tiles<!along_depth>(
          right.pair[pair],
          from.address(stage, Layout::template at<along_depth>(s + pair * 16, p)));
    }
  }
  template <int rows, int cols>
  __device__ __forceinline__ static void multiply(const Left<rows>& left, const Right<cols>& right,
                                                  int i, int j, MmaSum& sum) {
    const MmaBf16::B b{{right.pair[j / 2][j % 2 * 2], right.pair[j / 2][j % 2 * 2 + 1]}};
    mma(sum, left.tile[i], b);
  }
};

/// Brings slabs of one factor to shared memory: behind the block's back where bytes go over as they
/// are, else through registers.
template <typename T, typename S, int side, typename Tile>
struct MmaSlab {
  using Layout = MmaSlabLayout<S, side, Tile::depth>;
  using Registers = Slab<T, side, Tile::depth, Tile::threads>;
  static constexpr bool is_copied = std::is_same_v<T, S>;
  static constexpr int width = Registers::width;

  Registers slab;

  __device__ __forceinline__ static int place_in_shared(int i, bool along_depth) {
    const auto place = Registers::place_of(i, static_cast<int>(threadIdx.x), along_depth);
    return along_depth ? Layout::template at<true>(place.along_side, place.along_depth)
                       : Layout::template at<false>(place.along_side, place.along_depth);
  }

  /// Begins to bring a slab, of whose depth `depth_left` lies inside.
  template <typename Array>
  __device__ __forceinline__ void begin(const Factor<T>& factor, int depth_left, int stage,
                                        Array& shared) {
    if constexpr (is_copied) {
      HEDDLE_UNROLL
      for (int i = 0; i < Registers::pieces; ++i) {
        const int inside = slab.inside(factor, i, depth_left);
        const T* const from = inside > 0 ? slab.address(factor, i) : factor.elements.data;
        const int at = place_in_shared(i, factor.depth_contiguous);
        if (inside <= 0 || (inside >= width && factor.width >= width)) {
          copy_async<sizeof(T) * width>(shared.address(stage, at), from, inside > 0);
          continue;
        }
        HEDDLE_UNROLL
        for (int j = 0; j < width; ++j) {
          if constexpr (sizeof(T) >= 4) {
            copy_async<sizeof(T)>(shared.address(stage, at + j), j < inside ? from + j : from,
                                  j < inside);
          } else {
            shared(stage, at + j) = j < inside ? T{Row<const T>{from, inside, 1}(j)} : T{};
          }
        }
      }
      slab.advance(factor);
    } else {
      slab.fetch(factor, depth_left);
    }
  }
  /// Puts it into shared memory, where it did not go by itself.
  template <typename Array>
  __device__ __forceinline__ void end(const Factor<T>& factor, int stage, Array& shared) const {
    if constexpr (!is_copied) {
      HEDDLE_UNROLL
      for (int i = 0; i < Registers::pieces; ++i) {
        Vector<S, width> value;
        HEDDLE_UNROLL
        for (int j = 0; j < width; ++j) {
          value[j] = narrow<S>(widen<T>(slab.piece[i][j]));
        }
        store_shared(shared.address(stage, place_in_shared(i, factor.depth_contiguous)), value);
      }
    }
  }
};

template <typename Fragments, typename Tile, typename Shared>
__device__ __forceinline__ void add_mma_slab(Shared& shared, int stage, bool left_along_depth,
                                             bool right_along_depth, MmaSums<Tile>& sums) {
  using Left = typename Shared::Left;
  using Right = typename Shared::Right;
  const int row = MmaSums<Tile>::first_row();
  const int col = MmaSums<Tile>::first_col();
  HEDDLE_UNROLL
  for (int depth = 0; depth < Tile::depth; depth += Fragments::depth) {
    typename Fragments::template Left<Tile::row_tiles> left;
    typename Fragments::template Right<Tile::col_tiles> right;
    if (left_along_depth) {
      Fragments::template load_left<true, Left>(shared.left, stage, row, depth, left);
    } else {
      Fragments::template load_left<false, Left>(shared.left, stage, row, depth, left);
    }
    if (right_along_depth) {
      Fragments::template load_right<true, Right>(shared.right, stage, col, depth, right);
    } else {
      Fragments::template load_right<false, Right>(shared.right, stage, col, depth, right);
    }
    HEDDLE_UNROLL
    for (int i = 0; i < Tile::row_tiles; ++i) {
      HEDDLE_UNROLL
      for (int j = 0; j < Tile::col_tiles; ++j) {
        Fragments::multiply(left, right, i, j, sums.sum[i][j]);
      }
    }
  }
}

}  // namespace product_detail

using Tf32Factors = product_detail::Tf32Fragments<1>;
using SplitTf32Factors = product_detail::Tf32Fragments<2>;
using Bf16Factors = product_detail::Bf16Fragments;

/// The loop, in the form product_launch.h takes.
template <typename T, typename Fragments, typename Tile_>
struct MmaLoop {
  using Element = T;
  using Sum = float;
  using Tile = Tile_;
  using Shared = MmaShared<typename Fragments::Shared, Tile>;
  using Sums = MmaSums<Tile>;
  // Two on a multiprocessor at a time, where registers allow it.
  static constexpr int least_blocks =
      std::is_same_v<T, typename Fragments::Shared> && Fragments::words == 1 ? 2 : 1;

  /// Adds the products of p in [begin, end). One barrier per slab, as in product_tile.h.
  __device__ __forceinline__ static void run(Shared& shared, const Factor<T>& left,
                                             const Factor<T>& right, const TileOrder::Tile& tile,
                                             int begin, int end, Sums& sums) {
    using S = typename Fragments::Shared;
    product_detail::MmaSlab<T, S, Tile::rows, Tile> left_slab;
    product_detail::MmaSlab<T, S, Tile::cols, Tile> right_slab;
    left_slab.slab.start(left, left.elements.matrix(tile.matrix), tile.row * Tile::rows, begin);
    right_slab.slab.start(right, right.elements.matrix(tile.matrix), tile.col * Tile::cols, begin);
    const auto bring = [&](int depth_left, int stage) {
      left_slab.begin(left, depth_left, stage, shared.left);
      right_slab.begin(right, depth_left, stage, shared.right);
      commit_copies();
    };
    const auto arrive = [&](int stage) {
      left_slab.end(left, stage, shared.left);
      right_slab.end(right, stage, shared.right);
      wait_copies<0>();
    };
    int depth_left = end - begin;
    if (depth_left > 0) {
      bring(depth_left, 0);
      arrive(0);
    }
    sync_threads();
    for (int stage = 0; depth_left > 0; stage = 1 - stage) {
      depth_left -= Tile::depth;
      if (depth_left > 0) {
        bring(depth_left, 1 - stage);
      }
      product_detail::add_mma_slab<Fragments>(shared, stage, left.depth_contiguous,
                                              right.depth_contiguous, sums);
      if (depth_left > 0) {
        arrive(1 - stage);
      }
      sync_threads();
    }
  }

  /// Gives finished sums to the epilogue, two neighbours at a time, those inside out alone.
  template <typename Epilogue>
  __device__ __forceinline__ static void finish(const Sums& sums, const TileOrder::Tile& tile,
                                                std::int64_t rows, std::int64_t cols,
                                                const Epilogue& epilogue) {
    HEDDLE_UNROLL
    for (int i = 0; i < Tile::row_tiles; ++i) {
      // The lane's own number, by way of a shuffle: so that the compiler cannot work out the places
      // of all sums before the loop, and keep them in registers through it.
      const int lane = shuffle(full_mask, static_cast<int>(threadIdx.x % 32),
                               static_cast<int>(threadIdx.x % 32));
      HEDDLE_UNROLL
      for (int j = 0; j < Tile::col_tiles; ++j) {
        HEDDLE_UNROLL
        for (int e = 0; e < 4; e += 2) {
          const TilePlace place = sum_place(lane, e);
          const std::int64_t row = tile.row * Tile::rows + Sums::first_row() + i * 16 + place.row;
          const std::int64_t col = tile.col * Tile::cols + Sums::first_col() + j * 8 + place.col;
          if (row < rows && col < cols) {
            const float pair[2] = {sums.sum[i][j].element[e], sums.sum[i][j].element[e + 1]};
            epilogue(tile.matrix, row, col, pair);
          }
        }
      }
    }
  }
};

}  // namespace heddle::kernels::HEDDLE_BACKEND
