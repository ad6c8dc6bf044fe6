#include <array>
#include <type_traits>

#include "kernels/cpu/dense_runs.h"
#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/strided_loop.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

// dy times the derivative, from what was saved: the input x or the output y.

struct NegateBackward {
  auto operator()(auto dy) const { return -dy; }
};
struct AbsoluteBackward {
  auto operator()(auto x, auto dy) const {
    const auto at_kink = x * 0;  // 0, or NaN where x is
    const auto below = x < 0 ? -dy : at_kink;
    return x > 0 ? dy : below;
  }
};
struct ExpBackward {
  auto operator()(auto y, auto dy) const { return dy * y; }
};
struct LogBackward {
  auto operator()(auto x, auto dy) const { return dy / x; }
};
struct SqrtBackward {
  auto operator()(auto y, auto dy) const { return dy / (y + y); }
};
struct SquareBackward {
  auto operator()(auto x, auto dy) const { return dy * (x + x); }
};
struct ReciprocalBackward {
  auto operator()(auto y, auto dy) const { return -dy * (y * y); }
};
struct TanhBackward {
  auto operator()(auto y, auto dy) const { return dy * (1 - y * y); }
};
struct SigmoidBackward {
  auto operator()(auto y, auto dy) const { return dy * (y * (1 - y)); }
};
struct ReluBackward {
  auto operator()(auto x, auto dy) const { return x <= 0 ? decltype(dy){0} : dy; }
};
struct GeluBackward {
  auto operator()(auto x, auto dy) const { return dy * vector_gelu_slope(x); }
};
struct SoftplusBackward {
  auto operator()(auto x, auto dy) const { return dy * vector_sigmoid(x); }
};

enum class Saved : std::uint8_t { nothing, x, y };

struct Choice {
  DenseRun run;
  std::int64_t tile;
  Saved saved;
};

template <typename T>
Choice choose(UnaryOp op) {
  switch (op) {
    case UnaryOp::negate:
      return {run_one<NegateBackward, T, T>, cheap_tile, Saved::nothing};
    case UnaryOp::absolute:
      return {run_two<AbsoluteBackward, T, T>, cheap_tile, Saved::x};
    case UnaryOp::exp:
      return {run_two<ExpBackward, T, T>, cheap_tile, Saved::y};
    case UnaryOp::log:
      return {run_two<LogBackward, T, T>, cheap_tile, Saved::x};
    case UnaryOp::sqrt:
      return {run_two<SqrtBackward, T, T>, cheap_tile, Saved::y};
    case UnaryOp::square:
      return {run_two<SquareBackward, T, T>, cheap_tile, Saved::x};
    case UnaryOp::reciprocal:
      return {run_two<ReciprocalBackward, T, T>, cheap_tile, Saved::y};
    case UnaryOp::tanh:
      return {run_two<TanhBackward, T, T>, cheap_tile, Saved::y};
    case UnaryOp::sigmoid:
      return {run_two<SigmoidBackward, T, T>, cheap_tile, Saved::y};
    case UnaryOp::relu:
      return {run_two<ReluBackward, T, T>, cheap_tile, Saved::x};
    case UnaryOp::gelu:
      return {run_two_widest<GeluBackward, T, T>, tile_of_exponential<T>, Saved::x};
    case UnaryOp::softplus:
      return {run_two_widest<SoftplusBackward, T, T>, tile_of_exponential<T>, Saved::x};
  }
  fail("unary_backward: no operation ", static_cast<int>(op));
}

}  // namespace

void unary_backward(Stream&, UnaryOp op, const ConstView& x, const ConstView& y,
                    const ConstView& dy, const View& dx) {
  constexpr const char* kernel = "unary_backward";
  check_shape(kernel, {"dx", dx}, dy.shape);
  check_dtype(kernel, {"dx", dx}, dy.dtype);
  const Choice choice =
      dispatch_floating(dy.dtype, kernel, [&]<typename T>(TypeTag<T>) { return choose<T>(op); });
  if (choice.saved == Saved::nothing) {
    run_strided(dx, std::array{&dy}, choice.tile, choice.run);
    return;
  }
  const ConstView& saved = choice.saved == Saved::x ? x : y;
  const char* name = choice.saved == Saved::x ? "x" : "y";
  check_shape(kernel, {name, saved}, dy.shape);
  check_dtype(kernel, {name, saved}, dy.dtype);
  run_strided(dx, std::array{&saved, &dy}, choice.tile, choice.run);
}

}  // namespace heddle::cpu
