#pragma once

// Tensor cores: d += a · b by one warp, a of 16 rows, b of 8 columns. Which lane holds which
// element is data (`…_place`), the same for both builds; PTX ISA, "Matrix fragments for
// mma.m16n8k16" and "mma.m16n8k8".

#include <cstdint>

#include "core/bf16.h"
#include "kernels/gpu/device/backend.h"

namespace heddle::kernels::HEDDLE_BACKEND {

struct TilePlace {
  int row, col;
};

/// bf16 factors, f32 sums: a [16, 16], b [16, 8], d [16, 8]. Each word holds two neighbours: the
/// lower half the element with the smaller index (a: along a row; b: along a column).
struct MmaBf16 {
  static constexpr int depth = 16;
  struct A {
    std::uint32_t word[4];
  };
  struct B {
    std::uint32_t word[2];
  };
};
/// Factors of 11 significant bits (`to_tf32`), f32 sums: a [16, 8], b [8, 8], d [16, 8].
struct MmaTf32 {
  static constexpr int depth = 8;
  struct A {
    std::uint32_t word[4];
  };
  struct B {
    std::uint32_t word[2];
  };
};
struct MmaSum {
  float element[4];
};

/// Element i (0 … 3) of the sum in a lane.
__host__ __device__ constexpr TilePlace sum_place(int lane, int i) {
  return {lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2};
}
/// Element i (0 … 7: half i % 2 of word i / 2) of a in a lane, bf16.
__host__ __device__ constexpr TilePlace a_place_bf16(int lane, int i) {
  return {lane / 4 + i / 2 % 2 * 8, lane % 4 * 2 + i % 2 + i / 4 * 8};
}
/// Element i (0 … 3) of b in a lane, bf16: row is along the depth.
__host__ __device__ constexpr TilePlace b_place_bf16(int lane, int i) {
  return {lane % 4 * 2 + i % 2 + i / 2 * 8, lane / 4};
}
/// Word i (0 … 3) of a in a lane, tf32.
__host__ __device__ constexpr TilePlace a_place_tf32(int lane, int i) {
  return {lane / 4 + i % 2 * 8, lane % 4 + i / 2 * 4};
}
/// Word i (0, 1) of b in a lane, tf32: row is along the depth.
__host__ __device__ constexpr TilePlace b_place_tf32(int lane, int i) {
  return {lane % 4 + i * 4, lane / 4};
}

/// Two bf16 in one word, `low` in the lower half.
__host__ __device__ __forceinline__ std::uint32_t pack(bf16 low, bf16 high) {
  return static_cast<std::uint32_t>(low.bits) | static_cast<std::uint32_t>(high.bits) << 16;
}

/// Rounded to 11 significant bits, halves away from zero (cvt.rna.tf32.f32).
__device__ __forceinline__ float to_tf32(float value) {
#if defined(__CUDACC__)
#if __CUDA_ARCH__ >= 800
  std::uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
  return __uint_as_float(bits);
#else
  return value;
#endif
#else
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7F800000u) == 0x7F800000u) {
    return value;
  }
  return std::bit_cast<float>((bits + 0x1000u) & 0xFFFFE000u);
#endif
}
__device__ __forceinline__ std::uint32_t word_of(float value) {
#if defined(__CUDACC__)
  return __float_as_uint(value);
#else
  return std::bit_cast<std::uint32_t>(value);
#endif
}

#if defined(__CUDACC__)

__device__ __forceinline__ void mma(MmaSum& d, const MmaBf16::A& a, const MmaBf16::B& b) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d.element[0]), "+f"(d.element[1]), "+f"(d.element[2]), "+f"(d.element[3])
      : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]),
        "r"(b.word[1]));
#endif
}
__device__ __forceinline__ void mma(MmaSum& d, const MmaTf32::A& a, const MmaTf32::B& b) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d.element[0]), "+f"(d.element[1]), "+f"(d.element[2]), "+f"(d.element[3])
      : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]),
        "r"(b.word[1]));
#endif
}

/// Four 8×8 tiles of 2-byte elements from shared memory: lane l gives the address of row l % 8 of
/// tile l / 8 (16 bytes, aligned); word t of a lane becomes elements 2·(l % 4) and the next of row
/// l / 4 of tile t. With `transposed`, of column l / 4.
template <bool transposed = false>
__device__ __forceinline__ void load_tiles(std::uint32_t (&word)[4], const void* row_in_shared) {
#if __CUDA_ARCH__ >= 750
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row_in_shared));
  if constexpr (transposed) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(word[0]), "=r"(word[1]), "=r"(word[2]), "=r"(word[3])
                 : "r"(address)
                 : "memory");
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(word[0]), "=r"(word[1]), "=r"(word[2]), "=r"(word[3])
                 : "r"(address)
                 : "memory");
  }
#endif
}

#else

namespace detail {

struct MmaRequest {
  MmaSum* d;
  const std::uint32_t* a;
  const std::uint32_t* b;
};

inline void mma_whole(const ::heddle::sim::WarpMeeting& meeting, bool is_bf16) {
  const int depth = is_bf16 ? MmaBf16::depth : MmaTf32::depth;
  float a[16][16];
  float b[16][8];
  const auto half = [](std::uint32_t word, int i) {
    return std::bit_cast<float>(i % 2 != 0 ? word & 0xFFFF0000u : word << 16);
  };
  for (int lane = 0; lane < 32; ++lane) {
    const auto& one = *static_cast<const MmaRequest*>(meeting.of_lane[lane]);
    if (is_bf16) {
      for (int i = 0; i < 8; ++i) {
        const TilePlace place = a_place_bf16(lane, i);
        a[place.row][place.col] = half(one.a[i / 2], i);
      }
      for (int i = 0; i < 4; ++i) {
        const TilePlace place = b_place_bf16(lane, i);
        b[place.row][place.col] = half(one.b[i / 2], i);
      }
    } else {
      for (int i = 0; i < 4; ++i) {
        const TilePlace place = a_place_tf32(lane, i);
        a[place.row][place.col] = std::bit_cast<float>(one.a[i] & 0xFFFFE000u);
      }
      for (int i = 0; i < 2; ++i) {
        const TilePlace place = b_place_tf32(lane, i);
        b[place.row][place.col] = std::bit_cast<float>(one.b[i] & 0xFFFFE000u);
      }
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    const auto& one = *static_cast<const MmaRequest*>(meeting.of_lane[lane]);
    for (int i = 0; i < 4; ++i) {
      const TilePlace place = sum_place(lane, i);
      float sum = one.d->element[i];
      for (int k = 0; k < depth; ++k) {
        sum += a[place.row][k] * b[k][place.col];
      }
      one.d->element[i] = sum;
    }
  }
}

inline void check_whole_warp(const char* word, Place place) {
  auto& block = *::heddle::sim::current_block;
  const unsigned first = block.thread().linear / 32 * 32;
  if (first + 32 > blockDim.x * blockDim.y * blockDim.z) {
    block.fail_here(place, concat(word, ": needs all 32 lanes of a warp"));
  }
}

}  // namespace detail

inline void mma(MmaSum& d, const MmaBf16::A& a, const MmaBf16::B& b,
                Place place = Place::current()) {
  detail::check_whole_warp("mma bf16", place);
  detail::MmaRequest request{&d, a.word, b.word};
  ::heddle::sim::current_block->meet(
      full_mask, "mma bf16",
      [](const ::heddle::sim::WarpMeeting& meeting) { detail::mma_whole(meeting, true); }, &request,
      place);
}
inline void mma(MmaSum& d, const MmaTf32::A& a, const MmaTf32::B& b,
                Place place = Place::current()) {
  detail::check_whole_warp("mma tf32", place);
  detail::MmaRequest request{&d, a.word, b.word};
  ::heddle::sim::current_block->meet(
      full_mask, "mma tf32",
      [](const ::heddle::sim::WarpMeeting& meeting) { detail::mma_whole(meeting, false); },
      &request, place);
}

template <bool transposed = false>
void load_tiles(std::uint32_t (&word)[4], const void* row_in_shared,
                Place place = Place::current()) {
  detail::check_whole_warp("load_tiles", place);
  if (reinterpret_cast<std::uintptr_t>(row_in_shared) % 16 != 0) {
    ::heddle::sim::current_block->fail_here(place,
                                            "load_tiles: a row's address is no multiple of 16");
  }
  ::heddle::sim::record(::heddle::sim::Space::shared, ::heddle::sim::Reach::load, row_in_shared, 16,
                        place);
  ::heddle::sim::check_written(row_in_shared, 16, place);
  struct Request {
    const std::uint16_t* row;
    std::uint32_t* word;
  };
  Request request{static_cast<const std::uint16_t*>(row_in_shared), word};
  ::heddle::sim::current_block->meet(
      full_mask, "load_tiles",
      [](const ::heddle::sim::WarpMeeting& meeting) {
        const auto of = [&](int lane) {
          return static_cast<const Request*>(meeting.of_lane[lane]);
        };
        for (int lane = 0; lane < 32; ++lane) {
          for (int tile = 0; tile < 4; ++tile) {
            const int line = lane / 4;
            const int first = lane % 4 * 2;
            const std::uint32_t low =
                transposed ? of(tile * 8 + first)->row[line] : of(tile * 8 + line)->row[first];
            const std::uint32_t high = transposed ? of(tile * 8 + first + 1)->row[line]
                                                  : of(tile * 8 + line)->row[first + 1];
            of(lane)->word[tile] = low | high << 16;
          }
        }
      },
      &request, place);
}

#endif

}  // namespace heddle::kernels::HEDDLE_BACKEND
