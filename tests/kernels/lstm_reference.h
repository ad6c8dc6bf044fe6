#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace heddle::testing {

/// The LSTM of kernels/lstm.h in plain loops, one row at a time.
struct LstmReference {
  std::int64_t time, batch, input, hidden, directions;
  std::vector<double> x, weight_input, weight_hidden, bias, h0, c0;
  std::vector<std::int64_t> lengths;

  std::vector<double> y, h_n, c_n;

  static double sigmoid(double value) { return 1.0 / (1.0 + std::exp(-value)); }
  static double& at(std::vector<double>& values, std::int64_t index) {
    return values[static_cast<std::size_t>(index)];
  }
  double z(std::int64_t d, std::int64_t unit, std::int64_t t, std::int64_t b,
           const std::vector<double>& h) {
    double sum = at(bias, d * 4 * hidden + unit);
    for (std::int64_t i = 0; i < input; ++i) {
      sum += at(weight_input, (d * 4 * hidden + unit) * input + i) *
             at(x, (t * batch + b) * input + i);
    }
    for (std::int64_t i = 0; i < hidden; ++i) {
      sum +=
          at(weight_hidden, (d * 4 * hidden + unit) * hidden + i) * h[static_cast<std::size_t>(i)];
    }
    return sum;
  }

  void run() {
    y.assign(static_cast<std::size_t>(time * batch * directions * hidden), 0.0);
    h_n = h0;
    c_n = c0;
    for (std::int64_t d = 0; d < directions; ++d) {
      for (std::int64_t b = 0; b < batch; ++b) {
        run_row(d, b);
      }
    }
  }

  void run_row(std::int64_t d, std::int64_t b) {
    const std::int64_t length = lengths[static_cast<std::size_t>(b)];
    const std::int64_t state = (d * batch + b) * hidden;
    for (std::int64_t step = 0; step < length; ++step) {
      const std::int64_t t = d == 0 ? step : length - 1 - step;
      const std::vector<double> h(h_n.begin() + state, h_n.begin() + state + hidden);
      for (std::int64_t j = 0; j < hidden; ++j) {
        const double i_gate = sigmoid(z(d, j, t, b, h));
        const double f_gate = sigmoid(z(d, hidden + j, t, b, h));
        const double g_gate = std::tanh(z(d, 2 * hidden + j, t, b, h));
        const double o_gate = sigmoid(z(d, 3 * hidden + j, t, b, h));
        double& c = at(c_n, state + j);
        c = f_gate * c + i_gate * g_gate;
        at(h_n, state + j) = o_gate * std::tanh(c);
        at(y, ((t * batch + b) * directions + d) * hidden + j) = at(h_n, state + j);
      }
    }
  }
};

}  // namespace heddle::testing
