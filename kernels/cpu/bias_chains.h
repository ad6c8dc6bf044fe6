#pragma once

#include <cstdint>

#include "kernels/bias_activation.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/view_checks.h"

// What bias_activation.cpp and bias_activation_backward.cpp share. Two layouts of one loop: where
// channels lie apart (inner ≥ plane_least), a tile is part of one channel of one sample: a plane,
// with one bias. Otherwise x is cut into lines of whole samples, long enough for vector code, and
// each line meets the same line of biases.

namespace heddle::cpu {

constexpr std::int64_t plane_least = 64;
constexpr std::int64_t line_least = 64;
constexpr std::int64_t bias_tile = 16384;  // elements

struct BiasSizes {
  std::int64_t outer, channels, inner;

  std::int64_t sample() const { return channels * inner; }
  std::int64_t elements() const { return outer * sample(); }
  bool has_planes() const { return inner >= plane_least; }
  /// Samples in a line.
  std::int64_t repeats() const { return (line_least + sample() - 1) / sample(); }
};

/// Of x or dy [outer, channels, inner]. Errors: another rank, not contiguous.
inline BiasSizes bias_sizes(const char* kernel, const NamedView& whole) {
  check_rank(kernel, whole, 3);
  check_dense(kernel, whole, whole.view.shape, whole.view.dtype);
  return {whole.view.size(0), whole.view.size(1), whole.view.size(2)};
}

// a(z), and dy · a′(z) from y, or from z where `slope_needs_input`.

struct ReluChain {
  static constexpr Activation activation = Activation::relu;
  static auto value(auto z) { return z <= 0 ? decltype(z){0} : z; }  // keeps NaN
  static auto slope(auto y, auto dy) { return y <= 0 ? decltype(dy){0} : dy; }
};
struct GeluChain {
  static constexpr Activation activation = Activation::gelu;
  static auto value(auto z) { return vector_gelu(z); }
  static auto slope(auto z, auto dy) { return dy * vector_gelu_slope(z); }
};
struct SigmoidChain {
  static constexpr Activation activation = Activation::sigmoid;
  static auto value(auto z) { return vector_sigmoid(z); }
  static auto slope(auto y, auto dy) { return dy * (y * (1 - y)); }
};
struct TanhChain {
  static constexpr Activation activation = Activation::tanh;
  static auto value(auto z) { return vector_tanh(z); }
  static auto slope(auto y, auto dy) { return dy * (1 - y * y); }
};

/// Calls body with the chain of the activation.
template <typename Body>
void dispatch_chain(Activation activation, const Body& body) {
  switch (activation) {
    case Activation::relu:
      return body(ReluChain{});
    case Activation::gelu:
      return body(GeluChain{});
    case Activation::sigmoid:
      return body(SigmoidChain{});
    case Activation::tanh:
      return body(TanhChain{});
  }
  fail("bias_activation: no activation ", static_cast<int>(activation));
}

/// The biases of a line.
template <typename T>
void repeat_biases(const BiasSizes& sizes, const T* bias, std::int64_t width, T* line) {
  for (std::int64_t j = 0; j < width; ++j) {
    line[j] = bias[j / sizes.inner % sizes.channels];
  }
}

void bias_activation_backward(Stream&, Activation, const ConstView& x, const ConstView& bias,
                              const ConstView& y, const ConstView& dy, const View& dx,
                              const View& dbias);

}  // namespace heddle::cpu
