// Losses of a prediction x and a target t, element by element, and dx = dout · ∂loss/∂x. Versions:
// elementwise_loops.h.
//
//   squared                (x − t)²                                     2 (x − t)
//   absolute               |x − t|                                      sign(x − t), 0 at 0
//   binary_cross_entropy   −t log σ(x) − (1 − t) log(1 − σ(x))          σ(x) − t
//
// The last as max(x, 0) − x t + log(1 + e^{−|x|}), so that nothing large cancels where the loss is
// small.

#include <cmath>

#include "kernels/gpu/elementwise_functions.h"
#include "kernels/gpu/elementwise_parts.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

template <typename A>
__device__ __forceinline__ A loss_value(PairLoss loss, A x, A t) {
  switch (loss) {
    case PairLoss::squared:
      return counted<3>((x - t) * (x - t));
    case PairLoss::absolute:
      return std::fabs(counted<1>(x - t));
    case PairLoss::binary_cross_entropy:
      break;
  }
  // Where the loss is small, max(x, 0) and x t are equal and must be rounded before they meet.
  return counted<2>(((x > 0 ? x : A{0}) - product_of(x, t)) + log1p_exp_of(x));
}

template <typename A>
__device__ __forceinline__ A loss_slope(PairLoss loss, A x, A t, A dout) {
  const A difference = counted<1>(x - t);
  switch (loss) {
    case PairLoss::squared:
      return counted<2>(dout * (difference + difference));
    case PairLoss::absolute:
      return difference > 0   ? dout
             : difference < 0 ? -dout
                              : counted<1>(difference * 0);  // keeps NaN
    case PairLoss::binary_cross_entropy:
      break;
  }
  return counted<2>(dout * (sigmoid_of(x) - t));
}

struct AnyLoss {
  PairLoss loss;
  template <typename T>
  __device__ __forceinline__ T operator()(T x, T t) const {
    return narrow<T>(loss_value(loss, widen(x), widen(t)));
  }
  template <typename T>
  __device__ __forceinline__ T operator()(T x, T t, T dout) const {
    return narrow<T>(loss_slope(loss, widen(x), widen(t), widen(dout)));
  }
};

template <PairLoss loss>
struct FixedLoss {
  template <typename... T>
  __device__ __forceinline__ auto operator()(T... values) const {
    return AnyLoss{loss}(values...);
  }
};

using PairLosses =
    std::make_index_sequence<static_cast<std::size_t>(PairLoss::binary_cross_entropy) + 1>;

auto with_fixed_loss(PairLoss loss) {
  return [loss](const auto& body) {
    with_constant(loss, PairLosses{}, [&](auto constant) { body(FixedLoss<constant.value>{}); });
  };
}

}  // namespace

void pair_loss(ElementwiseVersion version, Stream& stream, PairLoss loss, const ConstView& x,
               const ConstView& target, const View& out) {
  constexpr const char* kernel = "pair_loss";
  check_shape(kernel, {"target", target}, x.shape);
  check_dtype(kernel, {"target", target}, x.dtype);
  check_shape(kernel, {"out", out}, x.shape);
  check_dtype(kernel, {"out", out}, x.dtype);
  check(loss <= PairLoss::binary_cross_entropy, kernel, ": no loss ", static_cast<int>(loss));
  dispatch_storage(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    ElementLoop<T, T, T>::run(version, "elementwise.pair_loss", stream, AnyLoss{loss},
                              with_fixed_loss(loss), out, x, target);
  });
}

void pair_loss_backward(ElementwiseVersion version, Stream& stream, PairLoss loss,
                        const ConstView& x, const ConstView& target, const ConstView& dout,
                        const View& dx) {
  constexpr const char* kernel = "pair_loss_backward";
  check_shape(kernel, {"target", target}, x.shape);
  check_dtype(kernel, {"target", target}, x.dtype);
  check_shape(kernel, {"dout", dout}, x.shape);
  check_dtype(kernel, {"dout", dout}, x.dtype);
  check_shape(kernel, {"dx", dx}, x.shape);
  check_dtype(kernel, {"dx", dx}, x.dtype);
  check(loss <= PairLoss::binary_cross_entropy, kernel, ": no loss ", static_cast<int>(loss));
  dispatch_storage(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    ElementLoop<T, T, T, T>::run(version, "elementwise.pair_loss_backward", stream, AnyLoss{loss},
                                 with_fixed_loss(loss), dx, x, target, dout);
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
