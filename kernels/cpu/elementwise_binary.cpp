#include <array>
#include <cmath>
#include <type_traits>

#include "kernels/cpu/dense_runs.h"
#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/strided_loop.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

/// The type to calculate in: integers wrap around, as unsigned ones do.
template <typename T>
using Arithmetic = std::conditional_t<std::is_same_v<T, std::int64_t>, std::uint64_t, T>;

struct Add {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Arithmetic<T>>(a) + static_cast<Arithmetic<T>>(b));
  }
};
struct Subtract {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Arithmetic<T>>(a) - static_cast<Arithmetic<T>>(b));
  }
};
struct Multiply {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Arithmetic<T>>(a) * static_cast<Arithmetic<T>>(b));
  }
};
struct Divide {
  auto operator()(auto a, auto b) const { return a / b; }
};
struct Power {
  auto operator()(auto a, auto b) const { return std::pow(a, b); }
};
// A NaN on either side gives NaN.
struct Minimum {
  template <typename T>
  T operator()(T a, T b) const {
    const T least = a < b ? a : b;
    return a != a ? a : least;
  }
};
struct Maximum {
  template <typename T>
  T operator()(T a, T b) const {
    const T largest = a > b ? a : b;
    return a != a ? a : largest;
  }
};

struct Choice {
  DenseRun run;
  std::int64_t tile;
};

template <typename T>
Choice choose(BinaryOp op) {
  switch (op) {
    case BinaryOp::add:
      return {run_two<Add, T, T>, cheap_tile};
    case BinaryOp::subtract:
      return {run_two<Subtract, T, T>, cheap_tile};
    case BinaryOp::multiply:
      return {run_two<Multiply, T, T>, cheap_tile};
    case BinaryOp::minimum:
      return {run_two<Minimum, T, T>, cheap_tile};
    case BinaryOp::maximum:
      return {run_two<Maximum, T, T>, cheap_tile};
    case BinaryOp::divide:
    case BinaryOp::power:
      if constexpr (std::is_floating_point_v<T>) {
        return op == BinaryOp::divide ? Choice{run_two<Divide, T, T>, cheap_tile}
                                      : Choice{run_two<Power, T, T>, library_tile};
      }
      fail("binary: got i64 to divide or raise to a power, expected f32 or f64");
  }
  fail("binary: no operation ", static_cast<int>(op));
}

}  // namespace

void binary(Stream&, BinaryOp op, const ConstView& a, const ConstView& b, const View& out) {
  check_shape("binary", {"b", b}, a.shape);
  check_dtype("binary", {"b", b}, a.dtype);
  check_shape("binary", {"out", out}, a.shape);
  check_dtype("binary", {"out", out}, a.dtype);
  const Choice choice = a.dtype == DType::i64
                            ? choose<std::int64_t>(op)
                            : dispatch_floating(a.dtype, "binary", [&]<typename T>(TypeTag<T>) {
                                return choose<T>(op);
                              });
  run_strided(out, std::array{&a, &b}, choice.tile, choice.run);
}

}  // namespace heddle::cpu
