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

struct Negate {
  auto operator()(auto x) const { return -x; }
};
struct Absolute {
  auto operator()(auto x) const { return std::fabs(x); }
};
struct Exp {
  auto operator()(auto x) const { return vector_exp(x); }
};
struct Log {
  auto operator()(auto x) const { return vector_log(x); }
};
struct Sqrt {
  auto operator()(auto x) const { return std::sqrt(x); }
};
struct Square {
  auto operator()(auto x) const { return x * x; }
};
struct Reciprocal {
  auto operator()(auto x) const { return decltype(x){1} / x; }
};
struct Tanh {
  auto operator()(auto x) const { return vector_tanh(x); }
};
struct Sigmoid {
  auto operator()(auto x) const { return vector_sigmoid(x); }
};
struct Relu {
  auto operator()(auto x) const { return x <= 0 ? decltype(x){0} : x; }  // keeps NaN
};
struct Gelu {
  auto operator()(auto x) const { return vector_gelu(x); }
};
struct Softplus {
  auto operator()(auto x) const { return vector_softplus(x); }
};

struct Choice {
  DenseRun run;
  std::int64_t tile;
};

template <typename T>
Choice choose(UnaryOp op) {
  switch (op) {
    case UnaryOp::negate:
      return {run_one<Negate, T, T>, cheap_tile};
    case UnaryOp::absolute:
      return {run_one<Absolute, T, T>, cheap_tile};
    case UnaryOp::exp:
      return {run_one_widest<Exp, T, T>, tile_of_exponential<T>};
    case UnaryOp::log:
      return {run_one_widest<Log, T, T>, tile_of_exponential<T>};
    case UnaryOp::sqrt:
      return {run_one<Sqrt, T, T>, cheap_tile};
    case UnaryOp::square:
      return {run_one<Square, T, T>, cheap_tile};
    case UnaryOp::reciprocal:
      return {run_one<Reciprocal, T, T>, cheap_tile};
    case UnaryOp::tanh:
      return {run_one_widest<Tanh, T, T>, tile_of_exponential<T>};
    case UnaryOp::sigmoid:
      return {run_one_widest<Sigmoid, T, T>, tile_of_exponential<T>};
    case UnaryOp::relu:
      return {run_one<Relu, T, T>, cheap_tile};
    case UnaryOp::gelu:
      return {run_one_widest<Gelu, T, T>, tile_of_exponential<T>};
    case UnaryOp::softplus:
      return {run_one_widest<Softplus, T, T>, tile_of_exponential<T>};
  }
  fail("unary: no operation ", static_cast<int>(op));
}

struct Line {
  double alpha;
  double beta;
};

template <typename T>
void run_line(void* out, const void* const* inputs, std::int64_t count, const void* parameters) {
  const auto* line = static_cast<const Line*>(parameters);
  const T alpha = static_cast<T>(line->alpha);
  const T beta = static_cast<T>(line->beta);
  const auto* x = static_cast<const T*>(inputs[0]);
  auto* y = static_cast<T*>(out);
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) {
    y[i] = alpha * x[i] + beta;
  }
}

}  // namespace

void unary(Stream&, UnaryOp op, const ConstView& x, const View& out) {
  check_shape("unary", {"out", out}, x.shape);
  check_dtype("unary", {"out", out}, x.dtype);
  const Choice choice =
      dispatch_floating(x.dtype, "unary", [&]<typename T>(TypeTag<T>) { return choose<T>(op); });
  run_strided(out, std::array{&x}, choice.tile, choice.run);
}

void affine(Stream&, double alpha, double beta, const ConstView& x, const View& out) {
  check_shape("affine", {"out", out}, x.shape);
  check_dtype("affine", {"out", out}, x.dtype);
  const DenseRun run = dispatch_floating(
      x.dtype, "affine", []<typename T>(TypeTag<T>) -> DenseRun { return run_line<T>; });
  const Line line{alpha, beta};
  run_strided(out, std::array{&x}, cheap_tile, run, &line);
}

}  // namespace heddle::cpu
