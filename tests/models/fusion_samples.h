#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "core/random.h"
#include "layers/linear.h"
#include "layers/visit.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// Numbers of one sample, for references written as plain loops.
using Numbers = std::vector<double>;
using NumberRows = std::vector<Numbers>;

inline double element(const Tensor& tensor, std::int64_t i, std::int64_t j) {
  return tensor.contiguous().data<double>()[i * tensor.size(1) + j];
}

/// NumberRows [first, first + count) of weight times x, plus the bias where there is one.
inline Numbers times(const Variable& weight, const Variable& bias, const Numbers& x,
                     std::int64_t first = 0, std::int64_t count = -1) {
  const std::int64_t end = count < 0 ? weight.size(0) : first + count;
  Numbers y;
  for (std::int64_t i = first; i < end; ++i) {
    double total = bias.defined() ? bias.value().data<double>()[i] : 0.0;
    for (std::size_t j = 0; j < x.size(); ++j) {
      total += element(weight.value(), i, static_cast<std::int64_t>(j)) * x[j];
    }
    y.push_back(total);
  }
  return y;
}

inline Numbers tanh_of(Numbers x) {
  for (double& value : x) {
    value = std::tanh(value);
  }
  return x;
}

inline Numbers plus(Numbers a, const Numbers& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] += b[i];
  }
  return a;
}

inline double inner(const Variable& w, const Numbers& x) {
  double total = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    total += w.value().data<double>()[i] * x[i];
  }
  return total;
}

inline NumberRows each_times(const Linear& layer, const NumberRows& x) {
  NumberRows y;
  for (const Numbers& row : x) {
    y.push_back(times(layer.weight, layer.bias, row));
  }
  return y;
}

inline Numbers softmax_of(const Numbers& scores) {
  double total = 0.0;
  for (const double score : scores) {
    total += std::exp(score);
  }
  Numbers y;
  for (const double score : scores) {
    y.push_back(std::exp(score) / total);
  }
  return y;
}

inline Numbers mixed(const Numbers& weights, const NumberRows& x, std::size_t width) {
  Numbers y(width, 0.0);
  for (std::size_t t = 0; t < x.size(); ++t) {
    for (std::size_t i = 0; i < width; ++i) {
      y[i] += weights[t] * x[t][i];
    }
  }
  return y;
}

inline Numbers joined(const NumberRows& parts) {
  Numbers y;
  for (const Numbers& part : parts) {
    y.insert(y.end(), part.begin(), part.end());
  }
  return y;
}

/// Random values for every parameter, biases and scales too.
template <typename Layer>
void randomise(Layer& layer, std::uint64_t seed) {
  Generator generator(seed);
  for (NamedParameter& parameter : parameters_of(layer)) {
    parameter.variable.set_value(
        random_normal(parameter.variable.shape(), 0.0, 0.7, generator, DType::f64));
  }
}

constexpr std::int64_t fusion_width = 4;
constexpr std::int64_t fusion_samples = 4;

inline FusionSpec fusion_spec(std::vector<std::string> names, bool each_step = false) {
  return {.names = std::move(names),
          .width = fusion_width,
          .each_step = each_step,
          .dtype = DType::f64};
}

inline Tensor bools(const std::vector<bool>& flags) {
  Tensor tensor = Tensor::empty({static_cast<std::int64_t>(flags.size())}, DType::boolean);
  for (std::size_t i = 0; i < flags.size(); ++i) {
    tensor.mutable_data<bool>()[i] = flags[i];
  }
  return tensor;
}

/// Which of three modalities the samples have: all, one missing, one alone, none.
inline std::vector<bool> presence_of(std::size_t modality) {
  switch (modality) {
    case 0:
      return {true, true, false, false};
    case 1:
      return {true, false, false, false};
    default:
      break;
  }
  return {true, true, true, false};
}

inline Variable random_values(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return Variable(random_normal(shape, 0.0, 1.0, generator, DType::f64));
}

/// A vector of each modality, with the presence above; what is absent is not a number.
inline FusionInputs vector_inputs(std::size_t modalities) {
  FusionInputs inputs;
  for (std::size_t m = 0; m < modalities; ++m) {
    FusionInput& input = inputs.emplace_back();
    Variable values = random_values({fusion_samples, fusion_width}, 20 + m);
    const std::vector<bool> present = presence_of(m);
    for (std::size_t b = 0; b < present.size(); ++b) {
      if (!present[b]) {
        values.value_in_place()
            .select(0, static_cast<std::int64_t>(b))
            .fill_(std::numeric_limits<double>::quiet_NaN());
      }
    }
    input.vector = values;
    input.present = bools(present);
  }
  return inputs;
}

/// Steps of each modality: `steps` of them, of lengths that differ; hidden ones are not numbers.
inline FusionInputs step_inputs(const std::vector<std::int64_t>& steps) {
  FusionInputs inputs;
  for (std::size_t m = 0; m < steps.size(); ++m) {
    FusionInput& input = inputs.emplace_back();
    Variable values = random_values({steps[m], fusion_samples, fusion_width}, 30 + m);
    const std::vector<bool> present = presence_of(m);
    std::vector<std::int64_t> lengths;
    for (std::size_t b = 0; b < present.size(); ++b) {
      const std::int64_t length =
          present[b] ? 1 + (static_cast<std::int64_t>(b + m) + 1) % steps[m] : 1;
      lengths.push_back(length);
      Tensor hidden = values.value_in_place().select(1, static_cast<std::int64_t>(b));
      hidden.slice(0, present[b] ? length : 0).fill_(std::numeric_limits<double>::quiet_NaN());
    }
    input.steps = values;
    input.lengths = Tensor::from<std::int64_t>(lengths, {fusion_samples});
    input.present = bools(present);
  }
  return inputs;
}

/// What of one modality can be seen of one sample.
inline NumberRows visible_rows(const FusionInput& input, std::size_t sample) {
  NumberRows rows;
  if (!input.present.data<bool>()[sample]) {
    return rows;
  }
  const auto b = static_cast<std::int64_t>(sample);
  if (!input.steps.defined()) {
    return {input.vector.value().select(0, b).to_vector<double>()};
  }
  for (std::int64_t t = 0; t < input.lengths.data<std::int64_t>()[sample]; ++t) {
    rows.push_back(input.steps.value().select(0, t).select(0, b).to_vector<double>());
  }
  return rows;
}

/// All modalities of one sample.
inline std::vector<NumberRows> visible_rows(const FusionInputs& inputs, std::size_t sample) {
  std::vector<NumberRows> all;
  for (const FusionInput& input : inputs) {
    all.push_back(visible_rows(input, sample));
  }
  return all;
}

inline Numbers first_or_zero(const NumberRows& rows) {
  return rows.empty() ? Numbers(fusion_width, 0.0) : rows.front();
}

inline Numbers mean_or_zero(const NumberRows& rows) {
  return mixed(Numbers(rows.size(), 1.0 / static_cast<double>(rows.size())), rows, fusion_width);
}

inline void expect_row(const Tensor& found, std::size_t sample, const Numbers& expected) {
  const Numbers row = found.select(0, static_cast<std::int64_t>(sample)).to_vector<double>();
  ASSERT_EQ(row.size(), expected.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    EXPECT_NEAR(row[i], expected[i], 1e-12) << "sample " << sample << ", number " << i;
  }
}

}  // namespace heddle
