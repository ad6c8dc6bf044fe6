#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "core/tensor.h"
#include "kernels/bias_activation.h"

// y = a(x + bias) and its gradients in plain double arithmetic, for the tests of all backends.

namespace heddle::testing {

inline constexpr Activation all_activations[] = {Activation::relu, Activation::gelu,
                                                 Activation::sigmoid, Activation::tanh};

inline const char* name_of(Activation activation) {
  constexpr const char* names[] = {"relu", "gelu", "sigmoid", "tanh"};
  return names[static_cast<int>(activation)];
}

inline double normal_below(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

inline double activated(Activation activation, double z) {
  switch (activation) {
    case Activation::relu:
      return z > 0 ? z : 0;
    case Activation::gelu:
      return z * normal_below(z);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-z));
    case Activation::tanh:
      return std::tanh(z);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

inline double slope_of(Activation activation, double z) {
  const double y = activated(activation, z);
  switch (activation) {
    case Activation::relu:
      return z > 0 ? 1 : 0;
    case Activation::gelu:
      return normal_below(z) +
             z * std::exp(-z * z / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::tanh:
      return 1 - y * y;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

/// In f64: y and dx [outer, channels, inner], dbias [channels].
struct BiasActivationResults {
  Tensor y, dx, dbias;
};

inline BiasActivationResults bias_activation_reference(Activation activation, const Tensor& x,
                                                       const Tensor& bias, const Tensor& dy) {
  const std::vector<double> of_x = x.to_vector<double>();
  const std::vector<double> of_bias = bias.to_vector<double>();
  const std::vector<double> of_dy = dy.to_vector<double>();
  std::vector<double> y(of_x.size()), dx(of_x.size()), dbias(of_bias.size());
  for (std::size_t i = 0; i < of_x.size(); ++i) {
    const auto inner = static_cast<std::size_t>(x.size(2));
    const std::size_t channel = i / inner % of_bias.size();
    const double z = of_x[i] + of_bias[channel];
    y[i] = activated(activation, z);
    dx[i] = of_dy[i] * slope_of(activation, z);
    dbias[channel] += dx[i];
  }
  return {Tensor::from<double>(y, x.shape()), Tensor::from<double>(dx, x.shape()),
          Tensor::from<double>(dbias, bias.shape())};
}

}  // namespace heddle::testing
