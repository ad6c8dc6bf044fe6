#pragma once

// The tiled versions of a convolution's products: 64 by 64 results per block, 16 of the depth at a
// time in shared memory.

#include <cmath>
#include <cstdint>

#include "kernels/gpu/conv_products.h"
#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

constexpr int conv_threads = 256;
constexpr int conv_tile_size = 64;          // rows and columns of results
constexpr int tile_depth = 16;              // of k at a time
constexpr int held = 4;                     // rows and columns of results per thread
constexpr int padded = conv_tile_size + 4;  // so that lanes along k write to different banks

template <typename A>
struct ConvShared {
  SharedArray<A, tile_depth, padded> left, right;
};

/// One thread's share in bringing 16 of the depth to shared memory: 4 numbers of either factor,
/// first to registers, so that they are on their way while the block multiplies the 16 before.
template <typename Product>
struct ConvTileLoader {
  using A = typename Product::Sum;
  static constexpr int each = conv_tile_size * tile_depth / conv_threads;  // 4
  const Product& product;
  int first_row, first_col, end;
  int k_of_thread, line_of_thread;  // neighbouring lanes along k, lines 16 apart
  ConvDigits column[Product::reads_columns ? 1 : each];
  A left[each], right[each];

  __device__ __forceinline__ ConvTileLoader(const Product& given, int row, int col, int depth_end)
      : product(given),
        first_row(row),
        first_col(col),
        end(depth_end),
        k_of_thread(static_cast<int>(threadIdx.x) % tile_depth),
        line_of_thread(static_cast<int>(threadIdx.x) / tile_depth) {
    if constexpr (Product::reads_columns) {
      column[0] =
          product.columns().digits(first_col + static_cast<int>(threadIdx.x) % conv_tile_size);
    } else {
      HEDDLE_UNROLL
      for (int r = 0; r < each; ++r) {
        column[r] = product.columns().digits(first_col + line_of_thread + r * 16);
      }
    }
  }

  __device__ __forceinline__ void load(int first_k) {
    const ConvCounting terms = product.terms();
    const int k = first_k + k_of_thread;
    ConvDigits term = terms.digits(k);
    HEDDLE_UNROLL
    for (int r = 0; r < each; ++r) {
      const int m = first_row + line_of_thread + r * 16;
      left[r] = k < end && m < product.rows() ? product.left(m, k, term) : A{0};
    }
    if constexpr (Product::reads_columns) {
      const int n = first_col + static_cast<int>(threadIdx.x) % conv_tile_size;
      int own_k = first_k + static_cast<int>(threadIdx.x) / conv_tile_size * each;
      term = terms.digits(own_k);
      HEDDLE_UNROLL
      for (int r = 0; r < each; ++r) {
        right[r] = own_k < end && n < product.cols() ? product.right(term, column[0]) : A{0};
        ++own_k;
        terms.advance(term);
      }
    } else {
      HEDDLE_UNROLL
      for (int r = 0; r < each; ++r) {
        const int n = first_col + line_of_thread + r * 16;
        right[r] = k < end && n < product.cols() ? product.right(term, column[r]) : A{0};
      }
    }
  }

  __device__ __forceinline__ void store(ConvShared<A>& shared) const {
    HEDDLE_UNROLL
    for (int r = 0; r < each; ++r) {
      shared.left(k_of_thread, line_of_thread + r * 16) = left[r];
      if constexpr (Product::reads_columns) {
        shared.right(static_cast<int>(threadIdx.x) / conv_tile_size * each + r,
                     static_cast<int>(threadIdx.x) % conv_tile_size) = right[r];
      } else {
        shared.right(k_of_thread, line_of_thread + r * 16) = right[r];
      }
    }
  }
};

/// Calls multiply() for each 16 of the depth, which are then in shared memory.
template <typename Product, typename Multiply>
__device__ __forceinline__ void for_each_conv_depth(ConvTileLoader<Product>& loader, int begin,
                                                    int end,
                                                    ConvShared<typename Product::Sum>& shared,
                                                    const Multiply& multiply) {
  loader.load(begin);
  for (int k = begin; k < end; k += tile_depth) {
    loader.store(shared);
    sync_threads();
    loader.load(k + tile_depth);
    multiply();
    sync_threads();
  }
}

/// Four neighbours in shared memory, by loads of 16 bytes.
template <typename A>
__device__ __forceinline__ void load_held(const A* address, A (&value)[held]) {
  constexpr int N = widest<A>;
  HEDDLE_UNROLL
  for (int i = 0; i < held; i += N) {
    const Vector<A, N> part = load_shared<N>(address + i);
    HEDDLE_UNROLL
    for (int j = 0; j < N; ++j) {
      value[i + j] = part[j];
    }
  }
}

// Grid ⌈cols / 64⌉ × ⌈rows / 64⌉ × parts, block 256, 8.5 KB of shared memory (f32). Per 16 of the
// depth a thread loads 8 numbers from global memory and 128 from shared memory for 256 products.
// Loses where there are few rows (a first layer's gradient to 3 channels): the tile is mostly
// zeros.
template <typename Product>
__global__ void __launch_bounds__(conv_threads, 2) conv_tile(Product product, int part_depth) {
  using A = typename Product::Sum;
  auto& shared = shared_memory<ConvShared<A>>();
  const int first_row = static_cast<int>(blockIdx.y) * conv_tile_size;
  const int first_col = static_cast<int>(blockIdx.x) * conv_tile_size;
  const int begin = static_cast<int>(blockIdx.z) * part_depth;
  const int end = begin + part_depth < product.depth() ? begin + part_depth : product.depth();
  const int row_of_thread = static_cast<int>(threadIdx.x) / (conv_tile_size / held) * held;
  const int col_of_thread = static_cast<int>(threadIdx.x) % (conv_tile_size / held) * held;
  ConvTileLoader<Product> loader(product, first_row, first_col, end);
  A sum[held][held] = {};
  for_each_conv_depth(loader, begin, end, shared, [&] {
    HEDDLE_UNROLL
    for (int k = 0; k < tile_depth; ++k) {
      A a[held];
      A b[held];
      load_held<A>(shared.left.address(k, row_of_thread), a);
      load_held<A>(shared.right.address(k, col_of_thread), b);
      HEDDLE_UNROLL
      for (int i = 0; i < held; ++i) {
        HEDDLE_UNROLL
        for (int j = 0; j < held; ++j) {
          sum[i][j] = multiply_add(a[i], b[j], sum[i][j]);
        }
      }
    }
  });
  HEDDLE_UNROLL
  for (int j = 0; j < held; ++j) {
    const int n = first_col + col_of_thread + j;
    const ConvDigits column = product.columns().digits(n);
    HEDDLE_UNROLL
    for (int i = 0; i < held; ++i) {
      const int m = first_row + row_of_thread + i;
      if (m < product.rows() && n < product.cols()) {
        product.write(m, n, column, static_cast<int>(blockIdx.z), sum[i][j]);
      }
    }
  }
}

// As conv_tile, but each of 8 warps has 16 rows and 32 columns of the results as four 16 by 8 tiles
// of the tensor cores. Factors are rounded to tf32 (bf16 ones are exact), sums are f32. Twelve
// numbers are read from shared memory per lane for 4096 products of a warp: shared memory is the
// limit, and 8-way reuse in registers would be the next step. f64 has no such version.
template <typename Product>
__global__ void __launch_bounds__(conv_threads, 2)
    conv_tensor_tile(Product product, int part_depth) {
  auto& shared = shared_memory<ConvShared<float>>();
  const auto lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int warp_row = warp / 2 * 16;
  const int warp_col = warp % 2 * 32;
  const int first_row = static_cast<int>(blockIdx.y) * conv_tile_size;
  const int first_col = static_cast<int>(blockIdx.x) * conv_tile_size;
  const int begin = static_cast<int>(blockIdx.z) * part_depth;
  const int end = begin + part_depth < product.depth() ? begin + part_depth : product.depth();
  ConvTileLoader<Product> loader(product, first_row, first_col, end);
  MmaSum sum[4] = {};
  for_each_conv_depth(loader, begin, end, shared, [&] {
    HEDDLE_UNROLL
    for (int k = 0; k < tile_depth; k += MmaTf32::depth) {
      MmaTf32::A a;
      HEDDLE_UNROLL
      for (int i = 0; i < 4; ++i) {
        const TilePlace place = a_place_tf32(lane, i);
        a.word[i] = word_of(to_tf32(shared.left(k + place.col, warp_row + place.row)));
      }
      HEDDLE_UNROLL
      for (int part = 0; part < 4; ++part) {
        MmaTf32::B b;
        HEDDLE_UNROLL
        for (int i = 0; i < 2; ++i) {
          const TilePlace place = b_place_tf32(lane, i);
          b.word[i] =
              word_of(to_tf32(shared.right(k + place.row, warp_col + part * 8 + place.col)));
        }
        mma(sum[part], a, b);
      }
    }
  });
  HEDDLE_UNROLL
  for (int part = 0; part < 4; ++part) {
    HEDDLE_UNROLL
    for (int i = 0; i < 4; ++i) {
      const TilePlace place = sum_place(lane, i);
      const int m = first_row + warp_row + place.row;
      const int n = first_col + warp_col + part * 8 + place.col;
      if (m < product.rows() && n < product.cols()) {
        product.write(m, n, product.columns().digits(n), static_cast<int>(blockIdx.z),
                      sum[part].element[i]);
      }
    }
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
