// compare: out = a ∘ b as bool. where: out = a where the condition holds, else b. Both of any one
// type. Versions: elementwise_loops.h. A bool is one byte, so that beside 16 bytes of f32 four
// bytes of bool are read or written at once.

#include "kernels/gpu/elementwise_parts.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

template <typename A>
__device__ __forceinline__ bool compared(CompareOp op, A a, A b) {
  switch (op) {
    case CompareOp::equal:
      return a == b;
    case CompareOp::not_equal:
      return a != b;
    case CompareOp::less:
      return a < b;
    case CompareOp::less_equal:
      return a <= b;
    case CompareOp::greater:
      return a > b;
    case CompareOp::greater_equal:
      break;
  }
  return a >= b;
}

/// bf16 is compared as f32; the others as they are.
template <typename T>
__device__ __forceinline__ auto comparable(T value) {
  if constexpr (std::is_same_v<T, bf16>) {
    return static_cast<float>(value);
  } else {
    return value;
  }
}

struct AnyCompare {
  CompareOp op;
  template <typename T>
  __device__ __forceinline__ bool operator()(T a, T b) const {
    return compared(op, comparable(a), comparable(b));
  }
};

template <CompareOp op>
struct FixedCompare {
  template <typename T>
  __device__ __forceinline__ bool operator()(T a, T b) const {
    return compared(op, comparable(a), comparable(b));
  }
};

/// less_equal is the last: greater and greater_equal are less and less_equal with the sides
/// exchanged.
using CompareOps = std::make_index_sequence<static_cast<std::size_t>(CompareOp::less_equal) + 1>;

struct Choose {
  template <typename T>
  __device__ __forceinline__ T operator()(bool condition, T a, T b) const {
    return condition ? a : b;
  }
};

/// U is any type of the size: bits are moved as they are.
template <typename U>
void choose(ElementwiseVersion version, Stream& stream, const ConstView& condition,
            const ConstView& a, const ConstView& b, const View& out) {
  const auto with_fixed = [](const auto& body) { body(Choose{}); };
  ElementLoop<U, bool, U, U>::run(version, "elementwise.where", stream, Choose{}, with_fixed, out,
                                  condition, a, b);
}

}  // namespace

void where(ElementwiseVersion version, Stream& stream, const ConstView& condition,
           const ConstView& a, const ConstView& b, const View& out) {
  check_shape("where", {"condition", condition}, a.shape);
  check_dtype("where", {"condition", condition}, DType::boolean);
  check_shape("where", {"b", b}, a.shape);
  check_dtype("where", {"b", b}, a.dtype);
  check_shape("where", {"out", out}, a.shape);
  check_dtype("where", {"out", out}, a.dtype);
  switch (size_of(a.dtype)) {
    case 1:
      return choose<std::uint8_t>(version, stream, condition, a, b, out);
    case 2:
      return choose<std::uint16_t>(version, stream, condition, a, b, out);
    case 4:
      return choose<std::uint32_t>(version, stream, condition, a, b, out);
    default:
      return choose<std::uint64_t>(version, stream, condition, a, b, out);
  }
}

void compare(ElementwiseVersion version, Stream& stream, CompareOp op, const ConstView& a,
             const ConstView& b, const View& out) {
  check_shape("compare", {"b", b}, a.shape);
  check_dtype("compare", {"b", b}, a.dtype);
  check_shape("compare", {"out", out}, a.shape);
  check_dtype("compare", {"out", out}, DType::boolean);
  check(op <= CompareOp::greater_equal, "compare: no operation ", static_cast<int>(op));
  if (op == CompareOp::greater || op == CompareOp::greater_equal) {
    compare(version, stream, op == CompareOp::greater ? CompareOp::less : CompareOp::less_equal, b,
            a, out);
    return;
  }
  dispatch_any(a.dtype, [&]<typename T>(TypeTag<T>) {
    const auto with_fixed = [op](const auto& body) {
      with_constant(op, CompareOps{}, [&](auto constant) { body(FixedCompare<constant.value>{}); });
    };
    ElementLoop<bool, T, T>::run(version, "elementwise.compare", stream, AnyCompare{op}, with_fixed,
                                 out, a, b);
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
