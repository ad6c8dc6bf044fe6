// out = a ∘ b. f32, f64, bf16; whole numbers (i64) for add, subtract, multiply, minimum, maximum.
// Reads two tensors and writes one; a broadcast side costs no bytes worth counting. Versions:
// elementwise_loops.h.

#include <cmath>

#include "kernels/gpu/elementwise_parts.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// A is a floating type, or unsigned: whole numbers wrap around, as on the CPU.
template <typename A>
__device__ __forceinline__ A arithmetic(BinaryOp op, A a, A b) {
  if (op == BinaryOp::subtract) {
    return counted<1>(a - b);
  }
  if (op == BinaryOp::multiply) {
    return counted<1>(a * b);
  }
  if constexpr (std::is_floating_point_v<A>) {
    if (op == BinaryOp::divide) {
      return counted<1>(a / b);
    }
    if (op == BinaryOp::power) {
      return counted<1>(std::pow(a, b));
    }
  }
  return counted<1>(a + b);
}

template <typename T>
__device__ __forceinline__ T binary_value(BinaryOp op, T left, T right) {
  if constexpr (std::is_same_v<T, std::int64_t>) {
    if (op == BinaryOp::minimum) {
      return left < right ? left : right;
    }
    if (op == BinaryOp::maximum) {
      return left > right ? left : right;
    }
    return static_cast<T>(
        arithmetic(op, static_cast<std::uint64_t>(left), static_cast<std::uint64_t>(right)));
  } else {
    using A = accumulate_t<T>;
    const A a = widen(left);
    const A b = widen(right);
    // A NaN on either side gives NaN.
    if (op == BinaryOp::minimum) {
      return narrow<T>(a != a || a < b ? a : b);
    }
    if (op == BinaryOp::maximum) {
      return narrow<T>(a != a || a > b ? a : b);
    }
    return narrow<T>(arithmetic(op, a, b));
  }
}

struct AnyBinary {
  BinaryOp op;
  template <typename T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return binary_value(op, a, b);
  }
};

template <BinaryOp op>
struct FixedBinary {
  template <typename T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return binary_value(op, a, b);
  }
};

using BinaryOps = std::make_index_sequence<static_cast<std::size_t>(BinaryOp::maximum) + 1>;

constexpr bool needs_floating(BinaryOp op) {
  return op == BinaryOp::divide || op == BinaryOp::power;
}

template <typename T>
void run(ElementwiseVersion version, Stream& stream, BinaryOp op, const ConstView& a,
         const ConstView& b, const View& out) {
  const auto with_fixed = [op](const auto& body) {
    with_constant(op, BinaryOps{}, [&](auto constant) {
      if constexpr (!std::is_same_v<T, std::int64_t> || !needs_floating(constant.value)) {
        body(FixedBinary<constant.value>{});
      }
    });
  };
  ElementLoop<T, T, T>::run(version, "elementwise.binary", stream, AnyBinary{op}, with_fixed, out,
                            a, b);
}

}  // namespace

void binary(ElementwiseVersion version, Stream& stream, BinaryOp op, const ConstView& a,
            const ConstView& b, const View& out) {
  check_shape("binary", {"b", b}, a.shape);
  check_dtype("binary", {"b", b}, a.dtype);
  check_shape("binary", {"out", out}, a.shape);
  check_dtype("binary", {"out", out}, a.dtype);
  check(op <= BinaryOp::maximum, "binary: no operation ", static_cast<int>(op));
  if (a.dtype == DType::i64) {
    check(!needs_floating(op),
          "binary: got i64 to divide or raise to a power, expected f32 or f64");
    run<std::int64_t>(version, stream, op, a, b, out);
    return;
  }
  dispatch_storage(a.dtype, "binary",
                   [&]<typename T>(TypeTag<T>) { run<T>(version, stream, op, a, b, out); });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
