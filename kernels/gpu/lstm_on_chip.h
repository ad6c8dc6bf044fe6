#pragma once

// What the persistent versions on CUDA cores share: recurrent weights as they are kept on chip,
// four at a time, and sums that are spread over lanes.

#include "kernels/gpu/lstm_cell.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// Four weights that meet four neighbouring numbers of h or dz. bf16 stays packed, two in a word.
template <typename T>
struct WeightQuad;

template <>
struct alignas(16) WeightQuad<float> {
  Vector<float, 4> weight;

  template <typename Load>
  __device__ __forceinline__ static WeightQuad from(const Load& load) {
    return {{{load(0), load(1), load(2), load(3)}}};
  }
  __device__ __forceinline__ Vector<float, 4> numbers() const { return weight; }
};

template <>
struct alignas(8) WeightQuad<bf16> {
  std::uint32_t pair[2];

  template <typename Load>
  __device__ __forceinline__ static WeightQuad from(const Load& load) {
    return {{pack(load(0), load(1)), pack(load(2), load(3))}};
  }
  __device__ __forceinline__ Vector<float, 4> numbers() const {
    Vector<float, 4> result;
    HEDDLE_UNROLL
    for (int i = 0; i < 2; ++i) {
      const std::uint32_t word = opaque(pair[i]);
      result[2 * i] = bf16::from_bits(static_cast<std::uint16_t>(word & 0xFFFFu));
      result[2 * i + 1] = bf16::from_bits(static_cast<std::uint16_t>(word >> 16));
    }
    return result;
  }
};

/// sum + Σ a·b, in order.
__device__ __forceinline__ float add_products(const Vector<float, 4>& a, const Vector<float, 4>& b,
                                              float sum) {
  HEDDLE_UNROLL
  for (int i = 0; i < 4; ++i) {
    sum = multiply_add(a[i], b[i], sum);
  }
  return sum;
}

/// Two lanes that differ in the bit `lanes` hold 2·n sums each, of different terms. Afterwards the
/// lane with the bit has the upper n sums of both together, the other one the lower n. Costs n
/// shuffles where adding all 2·n in both lanes costs 2·n.
template <int n>
__device__ __forceinline__ void halve_sums(float* sums, bool upper, int lanes) {
  HEDDLE_UNROLL
  for (int i = 0; i < n; ++i) {
    const float give = upper ? sums[i] : sums[n + i];
    const float keep = upper ? sums[n + i] : sums[i];
    sums[i] = counted<1>(keep + shuffle_xor(full_mask, give, lanes));
  }
}
/// Both lanes get the n sums of both together.
template <int n>
__device__ __forceinline__ void add_sums(float* sums, int lanes) {
  HEDDLE_UNROLL
  for (int i = 0; i < n; ++i) {
    counted<1>(sums[i] += shuffle_xor(full_mask, sums[i], lanes));
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
