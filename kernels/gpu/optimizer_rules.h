#pragma once

// Adam and SGD: what happens to one element, and to some of a tensor.

#include <cmath>
#include <cstdint>

#include "kernels/gpu/device/device.h"
#include "kernels/gpu/optimizer.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// The numbers of one element of a tensor.
template <typename T>
struct Updated {
  T value, gradient, first, second;
};

template <typename T>
struct AdamRule {
  using Number = T;
  static constexpr int moments = 2;
  double beta1, beta2, epsilon;
  bool decoupled;

  struct Step {
    T scale, decay_into_gradient, keep, beta1, beta2, rest1, rest2, rate, root, epsilon;

    __device__ __forceinline__ void operator()(Updated<T>& at) const {
      const T g = multiply_add(decay_into_gradient, at.value, counted<1>(at.gradient * scale));
      at.first = multiply_add(beta1, at.first, counted<1>(rest1 * g));
      at.second = multiply_add(beta2, at.second, counted<2>(rest2 * g * g));
      const T step = counted<2>(rate * at.first / multiply_add(sqrt_of(at.second), root, epsilon));
      at.value = multiply_add(keep, at.value, -step);
    }
  };
  __device__ __forceinline__ Step step(double learning_rate, double decay,
                                       const Row<const double>& now) const {
    const double rate = counted<1>(learning_rate * now(ScalarPlace::rate_factor));
    return {.scale = static_cast<T>(now(ScalarPlace::gradient_scale)),
            .decay_into_gradient = static_cast<T>(decoupled ? 0.0 : decay),
            .keep = static_cast<T>(decoupled ? counted<2>(1.0 - rate * decay) : 1.0),
            .beta1 = static_cast<T>(beta1),
            .beta2 = static_cast<T>(beta2),
            .rest1 = static_cast<T>(counted<1>(1.0 - beta1)),
            .rest2 = static_cast<T>(counted<1>(1.0 - beta2)),
            .rate = static_cast<T>(counted<1>(rate / now(ScalarPlace::correction1))),
            .root = static_cast<T>(counted<1>(1.0 / sqrt_of(now(ScalarPlace::correction2)))),
            .epsilon = static_cast<T>(epsilon)};
  }
};

template <typename T, bool has_velocity>
struct SgdRule {
  using Number = T;
  static constexpr int moments = has_velocity ? 1 : 0;
  double momentum;
  bool nesterov;

  struct Step {
    T scale, decay, rate, momentum, weight_of_velocity, weight_of_gradient;

    __device__ __forceinline__ void operator()(Updated<T>& at) const {
      const T g = multiply_add(decay, at.value, counted<1>(at.gradient * scale));
      T moved = g;
      if constexpr (has_velocity) {
        at.first = multiply_add(momentum, at.first, g);
        moved = multiply_add(weight_of_velocity, at.first, counted<1>(weight_of_gradient * g));
      }
      at.value = multiply_add(-rate, moved, at.value);
    }
  };
  __device__ __forceinline__ Step step(double learning_rate, double decay,
                                       const Row<const double>& now) const {
    const double rate = counted<1>(learning_rate * now(ScalarPlace::rate_factor));
    return {.scale = static_cast<T>(now(ScalarPlace::gradient_scale)),
            .decay = static_cast<T>(decay),
            .rate = static_cast<T>(rate),
            .momentum = static_cast<T>(momentum),
            .weight_of_velocity = static_cast<T>(nesterov ? momentum : 1.0),
            .weight_of_gradient = static_cast<T>(nesterov ? 1.0 : 0.0)};
  }
};

/// The four arrays of a tensor. Moments that the rule has not are empty.
template <typename Rule>
struct UpdatedRows {
  using T = typename Rule::Number;
  Row<T> value, first, second;
  Row<const T> gradient;

  __device__ __forceinline__ UpdatedRows(void* values, const void* gradients, void* firsts,
                                         void* seconds, std::int64_t elements)
      : value{static_cast<T*>(values), elements, 1},
        first{static_cast<T*>(firsts), Rule::moments > 0 ? elements : 0, 1},
        second{static_cast<T*>(seconds), Rule::moments > 1 ? elements : 0, 1},
        gradient{static_cast<const T*>(gradients), elements, 1} {}

  /// Elements i … i + N − 1.
  template <int N>
  __device__ __forceinline__ void update(const typename Rule::Step& step, std::int64_t i) const {
    const Vector<T, N> g = load_vector<N>(gradient, i);
    Vector<T, N> v = load_vector<N>(value, i);
    Vector<T, N> m1 = {};
    Vector<T, N> m2 = {};
    if constexpr (Rule::moments > 0) {
      m1 = load_vector<N>(first, i);
    }
    if constexpr (Rule::moments > 1) {
      m2 = load_vector<N>(second, i);
    }
    HEDDLE_UNROLL
    for (int k = 0; k < N; ++k) {
      Updated<T> at{v[k], g[k], m1[k], m2[k]};
      step(at);
      v[k] = at.value;
      m1[k] = at.first;
      m2[k] = at.second;
    }
    store_vector<N>(value, i, v);
    if constexpr (Rule::moments > 0) {
      store_vector<N>(first, i, m1);
    }
    if constexpr (Rule::moments > 1) {
      store_vector<N>(second, i, m2);
    }
  }

  /// Elements begin … end, by `lanes` threads of which this is `lane`.
  __device__ __forceinline__ void update_range(const typename Rule::Step& step, std::int64_t begin,
                                               std::int64_t end, bool is_wide, int lane,
                                               int lanes) const {
    constexpr int N = widest<T>;
    std::int64_t tail = begin;
    if (is_wide && begin % N == 0) {
      tail = end / N * N;
      for (std::int64_t i = begin + lane * N; i < tail; i += lanes * N) {
        update<N>(step, i);
      }
    }
    for (std::int64_t i = tail + lane; i < end; i += lanes) {
      update<1>(step, i);
    }
  }
};

}  // namespace heddle::kernels::HEDDLE_BACKEND
