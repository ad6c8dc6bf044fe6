#pragma once

// What a warp takes from slabs in shared memory to its tensor cores. Three ways to make factors of
// a tensor core out of numbers:
//
//   Tf32Factors      f32 rounded to 11 significant bits, one mma                    (class tf32)
//   SplitTf32Factors f32 = big + small, each of 11 bits: big·big + big·small + small·big, three
//                    mma; what is left out is small·small, 2⁻²² of a product        (class 3xtf32)
//   Bf16Factors      f32 rounded to 8 significant bits, or bf16 as stored, one mma   (class bf16)

#include "kernels/gpu/product_factors.h"

namespace heddle::kernels::HEDDLE_BACKEND {

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
      word[1] = word_of(to_tf32(counted<1>(value - big)));
    }
  }

  template <bool along_depth, typename Layout, typename Array, int count>
  __device__ __forceinline__ static void load_left(Array& from, int stage, int row, int from_depth,
                                                   Left<count>& left) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    HEDDLE_UNROLL
    for (int tile = 0; tile < count; ++tile) {
      HEDDLE_UNROLL
      for (int i = 0; i < 4; ++i) {
        const TilePlace place = a_place_tf32(lane, i);
        std::uint32_t word[parts];
        split(from(stage, Layout::template at<along_depth>(row + tile * 16 + place.row,
                                                           from_depth + place.col)),
              word);
        HEDDLE_UNROLL
        for (int part = 0; part < parts; ++part) {
          left.part[part][tile].word[i] = word[part];
        }
      }
    }
  }
  template <bool along_depth, typename Layout, typename Array, int count>
  __device__ __forceinline__ static void load_right(Array& from, int stage, int col, int from_depth,
                                                    Right<count>& right) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    HEDDLE_UNROLL
    for (int tile = 0; tile < count; ++tile) {
      HEDDLE_UNROLL
      for (int i = 0; i < 2; ++i) {
        const TilePlace place = b_place_tf32(lane, i);
        std::uint32_t word[parts];
        split(from(stage, Layout::template at<along_depth>(col + tile * 8 + place.col,
                                                           from_depth + place.row)),
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
  __device__ __forceinline__ static void load_left(Array& from, int stage, int row, int from_depth,
                                                   Left<count>& left) {
    // Tiles in the order of the words of a: rows 0 and 8 of depth 0, then of depth 8.
    const int lane = static_cast<int>(threadIdx.x % 32);
    const int s = row + lane / 8 % 2 * 8 + (along_depth ? lane % 8 : 0);
    const int p = from_depth + lane / 16 * 8 + (along_depth ? 0 : lane % 8);
    HEDDLE_UNROLL
    for (int tile = 0; tile < count; ++tile) {
      load_tiles<!along_depth>(
          left.tile[tile].word,
          from.address(stage, Layout::template at<along_depth>(s + tile * 16, p)));
    }
  }
  template <bool along_depth, typename Layout, typename Array, int count>
  __device__ __forceinline__ static void load_right(Array& from, int stage, int col, int from_depth,
                                                    Right<count>& right) {
    // Depth 0 and 8 of the first 8 columns, then of the next 8.
    const int lane = static_cast<int>(threadIdx.x % 32);
    const int s = col + lane / 16 * 8 + (along_depth ? lane % 8 : 0);
    const int p = from_depth + lane / 8 % 2 * 8 + (along_depth ? 0 : lane % 8);
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

}  // namespace product_detail

using Tf32Factors = product_detail::Tf32Fragments<1>;
using SplitTf32Factors = product_detail::Tf32Fragments<2>;
using Bf16Factors = product_detail::Bf16Fragments;

}  // namespace heddle::kernels::HEDDLE_BACKEND
