#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/gpu/device/device.h"

// Where element i of several views of one shape lies, for kernels that walk views of any strides.
// A broadcast input has strides of 0, so that nothing is ever materialised.
//
// The plan is made on the host. Dimensions are put in the order in which operand 0, the output,
// lies in memory, and neighbours that are one run in every operand are joined: two contiguous
// tensors of any shape have one dimension left, [rows, cols] + [cols] has two. The kernel then
// takes i apart: one division for each dimension but the slowest.
//
// A 32-bit division takes about 20 instructions on a GPU, a 64-bit one about 100. Up to 2³¹
// elements a division by d is instead one multiplication by a number the host has prepared
// (Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994):
//   n / d = (⌊n · m / 2³²⌋ + n) / 2ˢ,  s = ⌈log₂ d⌉,  m = ⌊2³² (2ˢ − d) / d⌋ + 1.

namespace heddle::kernels::HEDDLE_BACKEND {

/// Divides numbers below 2³¹ by a number from 1 to 2³¹.
struct Divisor {
  std::uint32_t multiplier = 1;
  std::uint32_t shift = 0;

  Divisor() = default;
  explicit Divisor(std::uint32_t d) {
    while ((std::uint64_t{1} << shift) < d) {
      ++shift;
    }
    const std::uint64_t excess = (std::uint64_t{1} << shift) - d;
    multiplier = static_cast<std::uint32_t>((excess << 32) / d + 1);
  }
  __device__ __forceinline__ std::uint32_t quotient(std::uint32_t n) const {
    const std::uint64_t product = std::uint64_t{n} * multiplier;
    return (static_cast<std::uint32_t>(product >> 32) + n) >> shift;
  }
};

/// Operand 0 is the output. Sizes and strides count elements; the last dimension is the innermost.
template <int operands>
struct StridedPlan {
  int rank = 0;
  bool is_wide = false;  // more than 2³¹ elements: plain 64-bit divisions
  std::int64_t elements = 1;
  std::int64_t size[Dims::max_rank] = {};
  std::int64_t stride[operands][Dims::max_rank] = {};
  Divisor divisor[Dims::max_rank];

  std::int64_t inner_size() const { return size[rank - 1]; }
  std::int64_t inner_stride(int operand) const { return stride[operand][rank - 1]; }
  /// All operands are one run of neighbouring elements.
  bool is_dense() const {
    for (int k = 0; k < operands; ++k) {
      if (rank != 1 || inner_stride(k) != 1) {
        return false;
      }
    }
    return true;
  }

  void append(std::int64_t new_size, const std::array<std::int64_t, operands>& new_stride,
              bool may_join) {
    bool joins = may_join && rank > 0;
    for (int k = 0; joins && k < operands; ++k) {
      joins = inner_stride(k) == new_size * new_stride[static_cast<std::size_t>(k)];
    }
    const int at = joins ? rank - 1 : rank++;
    size[at] = joins ? size[at] * new_size : new_size;
    for (int k = 0; k < operands; ++k) {
      stride[k][at] = new_stride[static_cast<std::size_t>(k)];
    }
  }
  void prepare() {
    elements = 1;
    for (int d = 0; d < rank; ++d) {
      elements *= size[d];
    }
    is_wide = is_wide || elements > std::int64_t{0x7FFFFFFF};
    for (int d = 0; d < rank && !is_wide; ++d) {
      divisor[d] = Divisor(static_cast<std::uint32_t>(size[d]));
    }
  }
};

/// Offsets of one element in each operand.
template <int operands>
struct Offsets {
  std::int64_t of[operands];
};

template <int operands>
__device__ __forceinline__ Offsets<operands> offsets_of(const StridedPlan<operands>& plan,
                                                        std::int64_t i) {
  Offsets<operands> at{};
  for (int d = plan.rank - 1; d > 0; --d) {
    const std::int64_t quotient =
        plan.is_wide ? i / plan.size[d]
                     : std::int64_t{plan.divisor[d].quotient(static_cast<std::uint32_t>(i))};
    const std::int64_t place = i - quotient * plan.size[d];
    HEDDLE_UNROLL
    for (int k = 0; k < operands; ++k) {
      at.of[k] += place * plan.stride[k][d];
    }
    i = quotient;
  }
  HEDDLE_UNROLL
  for (int k = 0; k < operands; ++k) {
    at.of[k] += i * plan.stride[k][0];
  }
  return at;
}

/// Of views of one shape that has elements.
template <std::size_t operands>
StridedPlan<static_cast<int>(operands)> joined_plan(
    const std::array<const ConstView*, operands>& views) {
  const ConstView& out = *views[0];
  std::array<int, Dims::max_rank> order{};
  for (int d = 0; d < out.rank(); ++d) {
    int at = d;
    for (; at > 0 && out.stride(order[static_cast<std::size_t>(at - 1)]) < out.stride(d); --at) {
      order[static_cast<std::size_t>(at)] = order[static_cast<std::size_t>(at - 1)];
    }
    order[static_cast<std::size_t>(at)] = d;
  }
  StridedPlan<static_cast<int>(operands)> plan;
  std::array<std::int64_t, operands> stride{};
  for (int place = 0; place < out.rank(); ++place) {
    const int d = order[static_cast<std::size_t>(place)];
    if (out.size(d) == 1) {
      continue;
    }
    for (std::size_t k = 0; k < operands; ++k) {
      stride[k] = views[k]->stride(d);
    }
    plan.append(out.size(d), stride, true);
  }
  if (plan.rank == 0) {
    stride.fill(1);
    plan.append(1, stride, true);
  }
  plan.prepare();
  return plan;
}

/// The same with nothing joined, reordered or prepared: a 64-bit division for every dimension.
template <std::size_t operands>
StridedPlan<static_cast<int>(operands)> plain_plan(
    const std::array<const ConstView*, operands>& views) {
  StridedPlan<static_cast<int>(operands)> plan;
  plan.is_wide = true;
  std::array<std::int64_t, operands> stride{};
  for (int d = 0; d < views[0]->rank(); ++d) {
    for (std::size_t k = 0; k < operands; ++k) {
      stride[k] = views[k]->stride(d);
    }
    plan.append(views[0]->size(d), stride, false);
  }
  if (plan.rank == 0) {
    stride.fill(1);
    plan.append(1, stride, false);
  }
  plan.prepare();
  return plan;
}

/// All memory between a view's first and last element, in elements of T. The view has elements, and
/// no stride is negative.
template <typename T>
Row<const T> reach_of(const ConstView& view) {
  std::int64_t last = 0;
  for (int d = 0; d < view.rank(); ++d) {
    last += (view.size(d) - 1) * view.stride(d);
  }
  return {view.pointer<T>(), last + 1, 1};
}
template <typename T>
Row<T> reach_of(const View& view) {
  return {view.pointer<T>(), reach_of<T>(static_cast<const ConstView&>(view)).size, 1};
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
