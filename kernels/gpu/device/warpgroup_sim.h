#pragma once

// The words of warpgroup.h, which includes this, for g++ and clang++: 128 threads meet, and their
// product is computed when one of them waits for it (sim/async_proxy.h).

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace heddle::kernels::sim {

template <int cols>
class WarpgroupSums {
 public:
  WarpgroupSums() = default;
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
    needs_fence_ = true;
    return element_[static_cast<std::size_t>(i)];
  }
  /// For wgmma alone.
  float* begin_product(std::uint64_t number) {
    last_product_ = number;
    return element_.data();
  }
  /// For fence_products alone.
  void fence() { needs_fence_ = false; }
  bool needs_fence() const { return needs_fence_; }

 private:
  std::array<float, cols / 2> element_{};
  mutable bool needs_fence_ = true;  // it was made or read since the last one
  std::uint64_t last_product_ = 0;
};

template <int cols>
void fence_products(WarpgroupSums<cols>& sums) {
  sums.fence();
}
inline void commit_products() { ::heddle::sim::current_block->async_proxy().commit_products(); }
template <int pending = 0>
void wait_products() {
  ::heddle::sim::current_block->async_proxy().wait_products(pending);
}
template <int cols>
void wait_products(WarpgroupSums<cols>& /*sums*/) {
  wait_products<0>();
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
            b[static_cast<unsigned>(k * cols + col)] =
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
  if (sums.needs_fence()) {
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

}  // namespace heddle::kernels::sim
