#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace heddle::cpu {

// Sums by a tree that depends on the number of terms alone, so that every layout in memory and any
// number of threads gives the same bits, with the small error of pairwise summation:
//   - terms form blocks of 128; in a block, lane l of 32 adds terms l, l + 32, l + 64, l + 96 in
//     order, then lanes l and l + 16 are added, l and l + 8, …, l and l + 1;
//   - blocks are added pairwise: neighbours, then neighbouring pairs, … (a missing right side is
//     left out).

constexpr std::int64_t sum_block = 128;
constexpr std::int64_t sum_lanes = 32;

/// One AVX register; the compiler splits or emulates it elsewhere.
template <typename T>
using Register [[gnu::vector_size(32)]] = T;

/// The lanes of one block.
template <typename T>
struct LaneSums {
  static constexpr std::int64_t width = 32 / static_cast<std::int64_t>(sizeof(T));
  static constexpr std::int64_t registers = sum_lanes / width;

  Register<T> lanes[registers];

  [[gnu::always_inline]] void set(const T* terms) {
#pragma GCC unroll 8
    for (std::int64_t k = 0; k < registers; ++k) {
      std::memcpy(&lanes[k], terms + k * width, 32);
    }
  }

  [[gnu::always_inline]] void add(const T* terms) {
#pragma GCC unroll 8
    for (std::int64_t k = 0; k < registers; ++k) {
      Register<T> more;
      std::memcpy(&more, terms + k * width, 32);
      lanes[k] += more;
    }
  }

  [[gnu::always_inline]] T total() {
#pragma GCC unroll 3
    for (std::int64_t half = registers / 2; half > 0; half /= 2) {
#pragma GCC unroll 4
      for (std::int64_t k = 0; k < half; ++k) {
        lanes[k] += lanes[k + half];
      }
    }
    const Register<T> v = lanes[0];
    if constexpr (width == 8) {
      const Register<T> quarter = v + __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7);
      return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
    } else {
      return (v[0] + v[2]) + (v[1] + v[3]);
    }
  }
};

/// Sum of 0 ≤ count ≤ sum_block neighbouring terms.
template <typename T>
[[gnu::always_inline]] inline T block_sum(const T* terms, std::int64_t count) {
  LaneSums<T> sums;
  if (count == sum_block) {
    sums.set(terms);
    sums.add(terms + sum_lanes);
    sums.add(terms + 2 * sum_lanes);
    sums.add(terms + 3 * sum_lanes);
    return sums.total();
  }
  alignas(32) T padded[sum_lanes] = {};
  sums.set(padded);
  std::int64_t i = 0;
  for (; i + sum_lanes <= count; i += sum_lanes) {
    sums.add(terms + i);
  }
  if (i < count) {
    std::memcpy(padded, terms + i, static_cast<std::size_t>(count - i) * sizeof(T));
    sums.add(padded);
  }
  return sums.total();
}

/// Adds the sums of blocks, given in order, pairwise.
template <typename T>
class PairwiseSum {
 public:
  void add(T block) {
    for (std::uint64_t carry = count_++; (carry & 1) != 0; carry >>= 1) {
      block = open_[--depth_] + block;
    }
    open_[depth_++] = block;
  }

  T total() const {
    if (depth_ == 0) {
      return T{0};
    }
    std::size_t at = depth_ - 1;
    T sum = open_[at];
    while (at > 0) {
      sum = open_[--at] + sum;
    }
    return sum;
  }

 private:
  std::array<T, 64> open_;  // sums of 2ᵏ blocks that wait for their neighbour, largest first
  std::size_t depth_ = 0;
  std::uint64_t count_ = 0;
};

/// Sum of `count` terms, where `block_of(begin, count)` points at terms begin … begin + count − 1.
template <typename T, typename BlockOf>
T tree_sum(std::int64_t count, const BlockOf& block_of) {
  if (count == 0) {
    return T{0};
  }
  if (count <= sum_block) {
    return block_sum<T>(block_of(std::int64_t{0}, count), count);
  }
  PairwiseSum<T> sum;
  std::int64_t begin = 0;
  for (; begin + sum_block <= count; begin += sum_block) {
    sum.add(block_sum<T>(block_of(begin, sum_block), sum_block));
  }
  if (begin < count) {
    sum.add(block_sum<T>(block_of(begin, count - begin), count - begin));
  }
  return sum.total();
}

template <typename T>
T tree_sum(const T* terms, std::int64_t count) {
  return tree_sum<T>(count, [terms](std::int64_t begin, std::int64_t) { return terms + begin; });
}

}  // namespace heddle::cpu
