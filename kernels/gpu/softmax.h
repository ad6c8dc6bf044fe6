#pragma once

// What the forward and the backward page of softmax share.

#include <cstdint>

#include "kernels/gpu/row_part.h"
#include "kernels/softmax.h"

namespace heddle::kernels::HEDDLE_BACKEND {

enum class SoftmaxVersion { thread_per_row, block_per_row, warp_per_row, online, rows_per_warp };

constexpr unsigned softmax_threads =
    256;  // of a block that holds several rows, or strides over one

// Rows kept in registers. A thread keeps 8 or 32 numbers where a row has one warp or less (backward
// keeps twice as many), 16 where a block of up to 1024 threads shares the row: 1024 threads leave
// each of them 64 registers. Numbers loaded one by one (N = 1) each need an address too, so that
// only half as many fit.
constexpr std::int64_t softmax_warp_columns = std::int64_t{32} * 32;
template <int N>
constexpr int softmax_block_values = N == 1 ? 8 : 16;
template <int N>
constexpr std::int64_t softmax_block_columns = std::int64_t{1024} * softmax_block_values<N>;

// A block that walks along a longer row, tile by tile.
constexpr unsigned softmax_tile_threads = 512;
template <int N>
constexpr int softmax_tile_values = N == 1 ? 4 : 16;

/// The version that `softmax_kernels` runs. Expected, until a GPU has measured it: up to 128
/// columns a whole warp would leave lanes idle or hold a single vector each; beyond, a row is read
/// once by the fewest threads whose registers hold it.
constexpr SoftmaxVersion softmax_default(std::int64_t cols) {
  return cols <= 128 ? SoftmaxVersion::rows_per_warp : SoftmaxVersion::online;
}

/// Calls `body` with std::integral_constant<int, lanes> and <int, values per lane>: the fewest
/// lanes whose registers hold a row of up to 1024 columns. `whole_warps`: 32 lanes always.
template <typename Body>
void with_lanes(std::int64_t cols, bool whole_warps, Body&& body) {
  const auto lanes = [&]<int count, int values>() {
    body(std::integral_constant<int, count>{}, std::integral_constant<int, values>{});
  };
  if (cols <= 64 && !whole_warps) {
    lanes.template operator()<8, 8>();
  } else if (cols <= 128 && !whole_warps) {
    lanes.template operator()<16, 8>();
  } else if (cols <= 256) {
    lanes.template operator()<32, 8>();
  } else {
    lanes.template operator()<32, 32>();
  }
}

/// Threads of a block whose registers hold one row.
template <int N>
unsigned softmax_block_threads(std::int64_t cols) {
  return 32 * blocks_for(cols, std::int64_t{32} * softmax_block_values<N>);
}

/// What both directions ask of their views. Errors: as the CPU kernels.
void check_softmax_views(const char* kernel, const NamedView& first,
                         std::initializer_list<NamedView> others);

/// softmax_backward.cu
void softmax_backward(SoftmaxVersion version, Stream& stream, const ConstView& y,
                      const ConstView& lengths, const ConstView& dy, bool logarithmic,
                      const View& dx);

}  // namespace heddle::kernels::HEDDLE_BACKEND
