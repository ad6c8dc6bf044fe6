#pragma once

// What the copy engine of sm_90 (TMA) must know of a batch of matrices in global memory, before a
// kernel may ask it for tiles (tile_copy.h): made on the host, handed to the kernel by value.
//
// A tile is a number of lines of 128 bytes, which are neighbours in memory. Line l of a tile in
// shared memory has its eight pieces of 16 bytes in another order, l mod 8 deciding which
// (`swizzled`): so that eight lines at the same piece, which the tensor cores read at once, lie in
// different banks. (CUDA driver API, cuTensorMapEncodeTiled; PTX ISA, "Swizzling modes".)

#include <cstdint>

#include "core/stream.h"
#include "kernels/gpu/device/host.h"

#if defined(__CUDACC__)
#include <cuda.h>
#endif

namespace heddle::kernels::HEDDLE_BACKEND {

constexpr int tile_line_bytes = 128;
constexpr int tile_alignment = 1024;  // of a tile in shared memory: eight lines

/// Where byte `offset` of a tile lies in shared memory, from the tile's begin.
__host__ __device__ constexpr std::uint32_t swizzled(std::uint32_t offset) {
  return offset ^ (offset >> 3 & 0x70u);
}

/// The type of the elements: their bytes, and what becomes of them on the way.
enum class TileElement : std::uint8_t {
  bf16,  // 2 bytes, as they are
  tf32,  // f32, rounded to 11 significant bits
};
constexpr int bytes_of(TileElement element) { return element == TileElement::bf16 ? 2 : 4; }

/// Matrices whose lines are contiguous. What a tile has outside of them is zero.
struct TileSource {
  const void* data;
  TileElement element;
  std::int64_t length;         // elements of a line
  std::int64_t lines;          // of a matrix
  std::int64_t matrices;       // 1 where all are the same one
  std::int64_t line_stride;    // bytes
  std::int64_t matrix_stride;  // bytes
  int tile_lines;              // of a tile, 256 at most
};

/// Whether the copy engine can read them: it needs addresses and strides that are multiples of 16
/// bytes, and knows no empty matrices.
inline bool fits_tensor_map(const TileSource& source) {
  constexpr std::int64_t most_elements = std::int64_t{1} << 31;  // coordinates are int
  constexpr std::int64_t most_stride = std::int64_t{1} << 40;    // cuTensorMapEncodeTiled
  const auto is_size = [](std::int64_t size) { return size >= 1 && size < most_elements; };
  const auto is_stride = [](std::int64_t stride) {
    return stride >= 16 && stride < most_stride && stride % 16 == 0;
  };
  return reinterpret_cast<std::uintptr_t>(source.data) % 16 == 0 && is_size(source.length) &&
         is_size(source.lines) && is_size(source.matrices) && is_stride(source.line_stride) &&
         is_stride(source.matrix_stride);
}

#if defined(__CUDACC__)

struct TensorMap {
  CUtensorMap map;
};

/// Errors: Unavailable where the driver has no cuTensorMapEncodeTiled; Error where it refuses.
TensorMap tensor_map_of(const Stream& stream, const char* kernel, const TileSource& source);

#else

struct TensorMap {
  TileSource source;
};

/// Errors: what cuTensorMapEncodeTiled would refuse.
inline TensorMap tensor_map_of(const Stream& /*stream*/, const char* kernel,
                               const TileSource& source) {
  check(fits_tensor_map(source) && source.tile_lines >= 1 && source.tile_lines <= 256, kernel,
        ": no tensor map for ", source.matrices, " matrices of ", source.lines, " lines of ",
        source.length, " elements, ", source.line_stride, " and ", source.matrix_stride,
        " bytes apart, in tiles of ", source.tile_lines,
        " lines; expected an address and strides that are multiples of 16 bytes, sizes of at least "
        "1, and tiles of 1 to 256 lines");
  return {source};
}

#endif

}  // namespace heddle::kernels::HEDDLE_BACKEND
