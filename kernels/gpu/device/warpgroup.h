#pragma once

// Products by warp groups (sm_90a): d += a · b by 128 neighbouring threads, a of 64 rows, b of
// `cols` columns. Both factors are read from shared memory by the tensor cores themselves, out of
// tiles that copy_tile_async brought; sums stay in registers. The words begin work and go on:
//
//   fence_products()          before the first product, and after sums were made or read
//   wgmma(sums, a, b)         begins sums += a · b; all 128 threads, the same factors
//   commit_products()         those begun since the last call form a group
//   wait_products<pending>()  until at most so many groups are on their way; then the sums of the
//                             others may be read, and their tiles overwritten
//
// Which thread holds which sum, and where a factor's elements lie, is data for both builds. PTX
// ISA: wgmma.mma_async, "Matrix-Descriptor Format", "Register Fragments for wgmma.mma_async".

#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "kernels/gpu/device/tile_copy.h"

namespace heddle::kernels::HEDDLE_BACKEND {

constexpr int warpgroup_threads = 128;
constexpr int warpgroup_rows = 64;

/// bf16 factors. Along k, or along the side: the tensor cores take both.
struct WarpgroupBf16 {
  using Element = bf16;
  static constexpr TileElement tile_element = TileElement::bf16;
  static constexpr int depth = 16;  // of one product
};
/// Factors of 11 significant bits; contiguous along k alone.
struct WarpgroupTf32 {
  using Element = float;
  static constexpr TileElement tile_element = TileElement::tf32;
  static constexpr int depth = 8;
};

/// Element i (0 … cols / 2 − 1) of the sums in thread t of the warp group.
__host__ __device__ constexpr TilePlace warpgroup_sum_place(int t, int i) {
  return {t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8, i / 4 * 8 + t % 4 * 2 + i % 2};
}

// A factor, as the tensor cores are told of it: 64 bits with, in units of 16 bytes, where it begins
// in shared memory (from bit 0) and two strides (from bits 16 and 32), and at bit 62 that its lines
// of 128 bytes are `swizzled`. Eight lines are 1024 bytes. Along k, a line is a row of a (a column
// of b), and the stride of bit 32 leads to the next eight of them. Along the side, a line is a step
// of k; the same stride leads to the next eight steps, and that of bit 16 to the next 128 bytes of
// the side.
constexpr std::uint32_t lines_stride = 8 * tile_line_bytes;

__host__ __device__ constexpr std::uint64_t factor_descriptor(std::uint32_t begin,
                                                              std::uint32_t side_stride) {
  return (begin & 0x3FFFFu) >> 4 | std::uint64_t{side_stride >> 4} << 16 |
         std::uint64_t{lines_stride >> 4} << 32 | std::uint64_t{1} << 62;
}
/// The byte of shared memory where element (side, k) of the factor lies.
__host__ __device__ constexpr std::uint32_t byte_of_factor(std::uint64_t descriptor,
                                                           bool along_depth, int element_bytes,
                                                           int side, int k) {
  const auto field = [&](int bit) {
    return static_cast<std::uint32_t>(descriptor >> bit & 0x3FFFu) << 4;
  };
  const int line_elements = tile_line_bytes / element_bytes;
  const int line = along_depth ? side : k;
  const int along = along_depth ? k : side % line_elements;
  const int next = along_depth ? 0 : side / line_elements;
  return swizzled(field(0) + static_cast<std::uint32_t>(line / 8) * field(32) +
                  static_cast<std::uint32_t>(next) * field(16) +
                  static_cast<std::uint32_t>(line % 8 * tile_line_bytes + along * element_bytes));
}

namespace detail {

__device__ __forceinline__ std::uint32_t begin_in_shared(const void* tile HEDDLE_PLACE) {
#if defined(__CUDACC__)
  return shared_address(tile);
#else
  auto& block = *::heddle::sim::current_block;
  const auto begin = static_cast<const unsigned char*>(tile) - block.shared();
  if (begin < 0 || begin % tile_alignment != 0) {
    block.fail_here(place, concat("factor_of_tile: the tile begins at byte ", begin,
                                  " of shared memory; expected a multiple of ", tile_alignment));
  }
  return static_cast<std::uint32_t>(begin);
#endif
}

}  // namespace detail

/// The factor whose sides begin with the tile's and whose k begins `depth` elements into it. Along
/// the side, a tile of 128 bytes of the side has `tile_depth` lines, and the next one follows it.
template <typename Kind, bool along_depth>
__device__ __forceinline__ std::uint64_t factor_of_tile(const void* tile, int depth,
                                                        int tile_depth HEDDLE_PLACE) {
  static_assert(along_depth || sizeof(typename Kind::Element) == 2);
  const int into =
      depth * (along_depth ? static_cast<int>(sizeof(typename Kind::Element)) : tile_line_bytes);
  return factor_descriptor(
      detail::begin_in_shared(tile HEDDLE_GIVE_PLACE) + static_cast<std::uint32_t>(into),
      along_depth ? 16u : static_cast<std::uint32_t>(tile_depth * tile_line_bytes));
}

#if defined(__CUDACC__)

/// A thread's sums, of 64 rows and `cols` columns; zero at first.
template <int cols>
struct WarpgroupSums {
  float element[cols / 2] = {};

  __device__ __forceinline__ float operator()(int i) const { return element[i]; }
};

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define HEDDLE_SUMS_8(i)                                                                      \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), \
      "+f"(d[i + 6]), "+f"(d[i + 7])
#define HEDDLE_SUMS_64(i)                                                               \
  HEDDLE_SUMS_8(i), HEDDLE_SUMS_8(i + 8), HEDDLE_SUMS_8(i + 16), HEDDLE_SUMS_8(i + 24), \
      HEDDLE_SUMS_8(i + 32), HEDDLE_SUMS_8(i + 40), HEDDLE_SUMS_8(i + 48), HEDDLE_SUMS_8(i + 56)
#define HEDDLE_SUMS_128 HEDDLE_SUMS_64(0), HEDDLE_SUMS_64(64)
// clang-format off
#define HEDDLE_SUM_NAMES_64 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define HEDDLE_SUM_NAMES_128 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, " \
  "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, " \
  "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, " \
  "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, " \
  "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
// clang-format on
// d = a · b + d (`adds`), factors with their own signs (1, 1), and for bf16 whether each lies along
// the side.
#define HEDDLE_WGMMA_BF16(cols, names, sums, a, b, a_side, b_side)                        \
  asm volatile(                                                                           \
      "{\n\t.reg .pred adds;\n\tsetp.ne.b32 adds, 1, 0;\n\t"                              \
      "wgmma.mma_async.sync.aligned.m64n" cols "k16.f32.bf16.bf16 {" names "}, " a ", " b \
      ", adds, 1, 1, " a_side ", " b_side ";\n\t}"                                        \
      : sums                                                                              \
      : "l"(left), "l"(right), "n"(left_along_depth ? 0 : 1), "n"(right_along_depth ? 0 : 1))
#define HEDDLE_WGMMA_TF32(cols, names, sums, a, b)                                       \
  asm volatile(                                                                          \
      "{\n\t.reg .pred adds;\n\tsetp.ne.b32 adds, 1, 0;\n\t"                             \
      "wgmma.mma_async.sync.aligned.m64n" cols "k8.f32.tf32.tf32 {" names "}, " a ", " b \
      ", adds, 1, 1;\n\t}"                                                               \
      : sums                                                                             \
      : "l"(left), "l"(right))
#endif

template <typename Kind, bool left_along_depth, bool right_along_depth, int cols>
__device__ __forceinline__ void wgmma([[maybe_unused]] WarpgroupSums<cols>& sums,
                                      [[maybe_unused]] std::uint64_t left,
                                      [[maybe_unused]] std::uint64_t right) {
  static_assert(cols == 128 || cols == 256);
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  auto& d = sums.element;
  if constexpr (std::is_same_v<Kind, WarpgroupBf16>) {
    if constexpr (cols == 128) {
      HEDDLE_WGMMA_BF16("128", HEDDLE_SUM_NAMES_64, HEDDLE_SUMS_64(0), "%64", "%65", "%66", "%67");
    } else {
      HEDDLE_WGMMA_BF16("256", HEDDLE_SUM_NAMES_128, HEDDLE_SUMS_128, "%128", "%129", "%130",
                        "%131");
    }
  } else {
    if constexpr (cols == 128) {
      HEDDLE_WGMMA_TF32("128", HEDDLE_SUM_NAMES_64, HEDDLE_SUMS_64(0), "%64", "%65");
    } else {
      HEDDLE_WGMMA_TF32("256", HEDDLE_SUM_NAMES_128, HEDDLE_SUMS_128, "%128", "%129");
    }
  }
#else
  __trap();  // the host does not launch it here
#endif
}

#undef HEDDLE_SUMS_8
#undef HEDDLE_SUMS_64
#undef HEDDLE_SUMS_128
#undef HEDDLE_SUM_NAMES_64
#undef HEDDLE_SUM_NAMES_128
#undef HEDDLE_WGMMA_BF16
#undef HEDDLE_WGMMA_TF32

__device__ __forceinline__ void fence_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}
__device__ __forceinline__ void commit_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}
template <int pending = 0>
__device__ __forceinline__ void wait_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
#endif
}

#else

template <int cols>
class WarpgroupSums {
 public:
  WarpgroupSums() : touched_(::heddle::sim::current_block->async_proxy().fences()) {}
  WarpgroupSums(const WarpgroupSums&) = delete;
  WarpgroupSums& operator=(const WarpgroupSums&) = delete;

  /// Errors: KernelError where a product on its way still changes it.
  float operator()(int i, Place place = Place::current()) const {
    auto& block = *::heddle::sim::current_block;
    ::heddle::sim::check_inside(i, cols / 2, "sum", place);
    if (last_product_ > block.async_proxy().waited()) {
      block.fail_here(place,
                      "reads a sum that products on their way still change; expected "
                      "commit_products and wait_products before");
    }
    touched_ = block.async_proxy().fences();
    return element_[static_cast<std::size_t>(i)];
  }
  /// For wgmma alone.
  float* begin_product(std::uint64_t number) {
    last_product_ = number;
    return element_.data();
  }
  std::uint64_t touched() const { return touched_; }

 private:
  std::array<float, cols / 2> element_{};
  mutable std::uint64_t touched_;  // the thread's fences when it was made or read last
  std::uint64_t last_product_ = 0;
};

inline void fence_products() { ::heddle::sim::current_block->async_proxy().fence(); }
inline void commit_products() { ::heddle::sim::current_block->async_proxy().commit_products(); }
template <int pending = 0>
void wait_products() {
  ::heddle::sim::current_block->async_proxy().wait_products(pending);
}

namespace detail {

/// An element of a factor, as a number.
inline float element_of_factor(const unsigned char* shared, std::uint64_t descriptor,
                               bool along_depth, int element_bytes, int side, int k) {
  const unsigned char* const at =
      shared + byte_of_factor(descriptor, along_depth, element_bytes, side, k);
  if (element_bytes == 2) {
    std::uint16_t bits;
    std::memcpy(&bits, at, sizeof(bits));
    return std::bit_cast<float>(std::uint32_t{bits} << 16);
  }
  std::uint32_t bits;
  std::memcpy(&bits, at, sizeof(bits));
  return std::bit_cast<float>(bits & 0xFFFFE000u);
}

/// What of shared memory a product reads: whole lines, eight at a time.
inline void add_ranges(const unsigned char* shared, std::uint64_t descriptor, bool along_depth,
                       int sides, int depth, std::vector< ::heddle::sim::SharedRange>& ranges) {
  const int step = along_depth ? 8 : 64;
  for (int side = 0; side < sides; side += step) {
    for (int k = 0; k < (along_depth ? 1 : depth); k += 8) {
      const std::uint32_t byte = byte_of_factor(descriptor, along_depth, 2, side, k);
      ranges.push_back({shared + byte / tile_alignment * tile_alignment, lines_stride});
    }
  }
}

template <int cols>
struct WgmmaRequest {
  WarpgroupSums<cols>* sums;
  std::uint64_t left, right;
  Place place;
};

/// All 128 threads have come: the product is on its way.
template <typename Kind, bool left_along_depth, bool right_along_depth, int cols>
void begin_wgmma(void* const* requests, const char* word) {
  using Request = WgmmaRequest<cols>;
  auto& block = *::heddle::sim::current_block;
  auto& proxy = block.async_proxy();
  const Request first = *static_cast<const Request*>(requests[0]);
  std::array<float*, warpgroup_threads> sums{};
  for (std::size_t t = 0; t < sums.size(); ++t) {
    const auto& request = *static_cast<const Request*>(requests[t]);
    if (request.left != first.left || request.right != first.right) {
      block.fail_here(first.place,
                      concat(word, ": the threads of the warp group name different factors"));
    }
    sums[t] = request.sums->begin_product(proxy.begun() + 1);
  }
  const unsigned char* const shared = block.shared();
  std::vector< ::heddle::sim::SharedRange> reads;
  add_ranges(shared, first.left, left_along_depth, warpgroup_rows, Kind::depth, reads);
  add_ranges(shared, first.right, right_along_depth, cols, Kind::depth, reads);
  proxy.begin_product(
      reads,
      [sums, shared, left = first.left, right = first.right] {
        constexpr int bytes = sizeof(typename Kind::Element);
        std::vector<float> b(static_cast<std::size_t>(Kind::depth) * cols);
        for (int k = 0; k < Kind::depth; ++k) {
          for (int col = 0; col < cols; ++col) {
            b[static_cast<std::size_t>(k * cols + col)] =
                element_of_factor(shared, right, right_along_depth, bytes, col, k);
          }
        }
        // Two rows at a time: those that four neighbouring threads hold.
        for (int quad = 0; quad < warpgroup_threads; quad += 4) {
          float row_sums[2][cols];
          const auto for_each_sum = [&](const auto& visit) {
            for (int t = quad; t < quad + 4; ++t) {
              for (int i = 0; i < cols / 2; ++i) {
                visit(sums[static_cast<std::size_t>(t)][i],
                      row_sums[i / 2 % 2][warpgroup_sum_place(t, i).col]);
              }
            }
          };
          for_each_sum([](float& mine, float& of_row) { of_row = mine; });
          for (int r = 0; r < 2; ++r) {
            const int row = warpgroup_sum_place(quad, 2 * r).row;
            for (int k = 0; k < Kind::depth; ++k) {
              const float a = element_of_factor(shared, left, left_along_depth, bytes, row, k);
              const float* const of_k = b.data() + static_cast<std::ptrdiff_t>(k) * cols;
              for (int col = 0; col < cols; ++col) {
                row_sums[r][col] += a * of_k[col];
              }
            }
          }
          for_each_sum([](float& mine, float& of_row) { mine = of_row; });
        }
      },
      word, first.place);
}

}  // namespace detail

template <typename Kind, bool left_along_depth, bool right_along_depth, int cols>
void wgmma(WarpgroupSums<cols>& sums, std::uint64_t left, std::uint64_t right,
           Place place = Place::current()) {
  static_assert(cols == 128 || cols == 256);
  static constexpr const char* word = std::is_same_v<Kind, WarpgroupBf16>
                                          ? (cols == 128 ? "wgmma bf16 n128" : "wgmma bf16 n256")
                                          : (cols == 128 ? "wgmma tf32 n128" : "wgmma tf32 n256");
  auto& block = *::heddle::sim::current_block;
  if (sums.touched() == block.async_proxy().fences()) {
    block.fail_here(place, concat(word,
                                  ": the sums were made or read after the last fence_products; "
                                  "expected one between"));
  }
  detail::WgmmaRequest<cols> request{&sums, left, right, place};
  block.async_proxy().meet(
      word, &request,
      [](void* const* requests) {
        detail::begin_wgmma<Kind, left_along_depth, right_along_depth, cols>(requests, word);
      },
      place);
}

#endif

}  // namespace heddle::kernels::HEDDLE_BACKEND
