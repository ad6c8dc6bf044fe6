// dx = dy · f′, from the saved input x or output y, whichever f′ is cheaper from: reads two
// tensors, writes one. Versions: elementwise_loops.h; slopes: elementwise_functions.h.

#include "kernels/gpu/elementwise_functions.h"
#include "kernels/gpu/elementwise_parts.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

struct AnySlope {
  UnaryOp op;
  template <typename T>
  __device__ __forceinline__ T operator()(T saved, T dy) const {
    return narrow<T>(unary_slope(op, widen(saved), widen(dy)));
  }
};

template <UnaryOp op>
struct FixedSlope {
  template <typename T>
  __device__ __forceinline__ T operator()(T saved, T dy) const {
    return narrow<T>(unary_slope(op, widen(saved), widen(dy)));
  }
};

using UnaryOps = std::make_index_sequence<static_cast<std::size_t>(UnaryOp::softplus) + 1>;

}  // namespace

void unary_backward(ElementwiseVersion version, Stream& stream, UnaryOp op, const ConstView& x,
                    const ConstView& y, const ConstView& dy, const View& dx) {
  constexpr const char* kernel = "unary_backward";
  check_shape(kernel, {"dx", dx}, dy.shape);
  check_dtype(kernel, {"dx", dx}, dy.dtype);
  check(op <= UnaryOp::softplus, kernel, ": no operation ", static_cast<int>(op));
  if (slope_of(op) == SlopeOf::nothing) {
    unary(version, stream, UnaryOp::negate, dy, dx);
    return;
  }
  const bool from_x = slope_of(op) == SlopeOf::x;
  const ConstView& saved = from_x ? x : y;
  const char* name = from_x ? "x" : "y";
  check_shape(kernel, {name, saved}, dy.shape);
  check_dtype(kernel, {name, saved}, dy.dtype);
  dispatch_storage(dy.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const auto with_fixed = [op](const auto& body) {
      with_constant(op, UnaryOps{}, [&](auto constant) {
        if constexpr (slope_of(constant.value) != SlopeOf::nothing) {
          body(FixedSlope<constant.value>{});
        }
      });
    };
    ElementLoop<T, T, T>::run(version, "elementwise.unary_backward", stream, AnySlope{op},
                              with_fixed, dx, saved, dy);
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
