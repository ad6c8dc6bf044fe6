#include <array>
#include <cmath>
#include <type_traits>

#include "kernels/cpu/dense_runs.h"
#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/strided_loop.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

struct Squared {
  auto operator()(auto x, auto t) const { return (x - t) * (x - t); }
};
struct SquaredBackward {
  auto operator()(auto x, auto t, auto dout) const { return dout * ((x - t) + (x - t)); }
};
struct Absolute {
  auto operator()(auto x, auto t) const { return std::fabs(x - t); }
};
struct AbsoluteBackward {
  auto operator()(auto x, auto t, auto dout) const {
    const auto difference = x - t;
    const auto at_kink = difference * 0;  // 0, or NaN where the difference is
    const auto below = difference < 0 ? -dout : at_kink;
    return difference > 0 ? dout : below;
  }
};
/// max(x, 0) − x t + log(1 + e^{−|x|}): nothing large cancels where the loss is small.
struct BinaryCrossEntropy {
  auto operator()(auto x, auto t) const {
    const auto positive = x > 0 ? x : decltype(x){0};
    return (positive - x * t) + vector_log1p_exp(x);
  }
};
struct BinaryCrossEntropyBackward {
  auto operator()(auto x, auto t, auto dout) const { return dout * (vector_sigmoid(x) - t); }
};

template <typename T>
DenseRun choose(PairLoss loss) {
  switch (loss) {
    case PairLoss::squared:
      return run_two<Squared, T, T>;
    case PairLoss::absolute:
      return run_two<Absolute, T, T>;
    case PairLoss::binary_cross_entropy:
      return run_two<BinaryCrossEntropy, T, T>;
  }
  fail("pair_loss: no loss ", static_cast<int>(loss));
}

template <typename T>
DenseRun choose_backward(PairLoss loss) {
  switch (loss) {
    case PairLoss::squared:
      return run_three<SquaredBackward, T, T>;
    case PairLoss::absolute:
      return run_three<AbsoluteBackward, T, T>;
    case PairLoss::binary_cross_entropy:
      return run_three<BinaryCrossEntropyBackward, T, T>;
  }
  fail("pair_loss_backward: no loss ", static_cast<int>(loss));
}

}  // namespace

void pair_loss(Stream&, PairLoss loss, const ConstView& x, const ConstView& target,
               const View& out) {
  constexpr const char* kernel = "pair_loss";
  check_shape(kernel, {"target", target}, x.shape);
  check_dtype(kernel, {"target", target}, x.dtype);
  check_shape(kernel, {"out", out}, x.shape);
  check_dtype(kernel, {"out", out}, x.dtype);
  const DenseRun run =
      dispatch_floating(x.dtype, kernel, [&]<typename T>(TypeTag<T>) { return choose<T>(loss); });
  run_strided(out, std::array{&x, &target}, exponential_tile, run);
}

void pair_loss_backward(Stream&, PairLoss loss, const ConstView& x, const ConstView& target,
                        const ConstView& dout, const View& dx) {
  constexpr const char* kernel = "pair_loss_backward";
  check_shape(kernel, {"target", target}, x.shape);
  check_dtype(kernel, {"target", target}, x.dtype);
  check_shape(kernel, {"dout", dout}, x.shape);
  check_dtype(kernel, {"dout", dout}, x.dtype);
  check_shape(kernel, {"dx", dx}, x.shape);
  check_dtype(kernel, {"dx", dx}, x.dtype);
  const DenseRun run = dispatch_floating(
      x.dtype, kernel, [&]<typename T>(TypeTag<T>) { return choose_backward<T>(loss); });
  run_strided(dx, std::array{&x, &target, &dout}, exponential_tile, run);
}

}  // namespace heddle::cpu
