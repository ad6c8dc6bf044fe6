#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

/// One parameter, and the same in plain double arithmetic.
struct Parameter {
  Tensor value, gradient, first, second;
  double learning_rate, weight_decay;
  bool touched_rows_only = false;
  std::vector<double> expected_value, expected_first, expected_second;

  Parameter(const Shape& shape, DType dtype, std::uint64_t seed, double rate, double decay)
      : value(sample(shape, dtype, seed)),
        gradient(sample(shape, dtype, seed + 1)),
        first(Tensor::zeros(shape, dtype)),
        second(Tensor::zeros(shape, dtype)),
        learning_rate(rate),
        weight_decay(decay),
        expected_value(value.to_vector<double>()),
        expected_first(expected_value.size()),
        expected_second(expected_value.size()) {}

  UpdateSlot slot() {
    return {value.mutable_view("update"),
            gradient.view(),
            first.mutable_view("update"),
            second.mutable_view("update"),
            learning_rate,
            weight_decay,
            touched_rows_only};
  }

  /// Per element, whether its row has no gradient and is to be left alone.
  std::vector<bool> left_alone() const {
    const std::vector<double> g = gradient.to_vector<double>();
    std::vector<bool> left(g.size(), false);
    const auto width = static_cast<std::size_t>(touched_rows_only ? value.size(1) : 1);
    for (std::size_t row = 0; touched_rows_only && row < g.size(); row += width) {
      const auto begin = g.begin() + static_cast<std::ptrdiff_t>(row);
      const auto end = begin + static_cast<std::ptrdiff_t>(width);
      if (std::all_of(begin, end, [](double v) { return v == 0; })) {
        std::fill_n(left.begin() + static_cast<std::ptrdiff_t>(row), width, true);
      }
    }
    return left;
  }

  void expect_adam(const AdamOptions& options, std::int64_t t, double scale) {
    const std::vector<double> gradients = gradient.to_vector<double>();
    const std::vector<bool> left = left_alone();
    const auto step = static_cast<double>(t);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      if (left[i]) {
        continue;
      }
      double g = gradients[i] * scale;
      double& v = expected_value[i];
      if (options.decoupled_decay) {
        v -= learning_rate * weight_decay * v;
      } else {
        g += weight_decay * v;
      }
      expected_first[i] = options.beta1 * expected_first[i] + (1 - options.beta1) * g;
      expected_second[i] = options.beta2 * expected_second[i] + (1 - options.beta2) * g * g;
      const double m = expected_first[i] / (1 - std::pow(options.beta1, step));
      const double root = std::sqrt(expected_second[i] / (1 - std::pow(options.beta2, step)));
      v -= learning_rate * m / (root + options.epsilon);
    }
  }

  void expect_sgd(const SgdOptions& options, double scale) {
    const std::vector<double> gradients = gradient.to_vector<double>();
    const std::vector<bool> left = left_alone();
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      if (left[i]) {
        continue;
      }
      const double g = gradients[i] * scale + weight_decay * expected_value[i];
      expected_first[i] = options.momentum * expected_first[i] + g;
      expected_value[i] -=
          learning_rate *
          (options.nesterov ? g + options.momentum * expected_first[i] : expected_first[i]);
    }
  }

  void expect_agreement() const {
    const double tolerance = tolerance_of(value.dtype());
    expect_near(value, expected_value, tolerance, "value of " + to_string(value.shape()));
    expect_near(first, expected_first, tolerance, "first of " + to_string(value.shape()));
    expect_near(second, expected_second, tolerance, "second of " + to_string(value.shape()));
  }
};

std::vector<Parameter> parameters(DType dtype) {
  std::vector<Parameter> all;
  std::uint64_t seed = 1;
  for (const std::int64_t size : {0, 1, 31, 32, 33, 127, 128, 129, 1000, 40000}) {
    ++seed;
    all.emplace_back(Shape{size}, dtype, seed, 0.01 * static_cast<double>(seed), 0.1);
  }
  all.emplace_back(Shape{}, dtype, ++seed, 0.1, 0.0);
  all.emplace_back(Shape{2, 3, 4}, dtype, ++seed, 0.1, 0.0);
  Parameter table({500, 37}, dtype, ++seed, 0.1, 0.3);
  table.touched_rows_only = true;
  for (std::int64_t row = 0; row < 500; row += 3) {
    table.gradient.select(0, row).fill_(0.0);
  }
  table.gradient.slice(0, 1, 2).slice(1, 0, 36).fill_(0.0);  // one element left: touched
  all.push_back(table);
  return all;
}

std::vector<UpdateSlot> slots_of(std::vector<Parameter>& all) {
  std::vector<UpdateSlot> slots;
  for (Parameter& parameter : all) {
    slots.push_back(parameter.slot());
  }
  return slots;
}

/// The numbers of step t of an Adam run, gradients times `scale`.
Tensor scalars(std::int64_t t, double scale) {
  const AdamOptions options;
  StepScalars now;
  now.step = static_cast<double>(t);
  now.correction1 = 1.0 - std::pow(options.beta1, now.step);
  now.correction2 = 1.0 - std::pow(options.beta2, now.step);
  now.gradient_scale = scale;
  Tensor tensor = Tensor::zeros({StepScalars::count}, DType::f64);
  *tensor.mutable_view("test").pointer<StepScalars>() = now;
  return tensor;
}

const StepScalars& read(const Tensor& scalars) { return *scalars.view().pointer<StepScalars>(); }

double squared_norm(std::span<const UpdateSlot> slots) {
  const Tensor now = scalars(1, 1.0);
  cpu_kernels().optimizer.squared_norm(cpu_stream(), slots, now.output_view());
  return read(now).squared_norm;
}

TEST(Adam, FollowsItsFormulaOverManySlots) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const bool decoupled : {true, false}) {
      std::vector<Parameter> all = parameters(dtype);
      for (std::int64_t step = 1; step <= 3; ++step) {
        const AdamOptions options{.epsilon = 1e-3, .decoupled_decay = decoupled};
        cpu_kernels().optimizer.adam(cpu_stream(), options, scalars(step, 0.5).view(),
                                     slots_of(all));
        for (Parameter& parameter : all) {
          parameter.expect_adam(options, step, 0.5);
          parameter.expect_agreement();
        }
      }
    }
  }
}

TEST(Sgd, FollowsItsFormulaOverManySlots) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const SgdOptions& options : {SgdOptions{0.0, false}, {0.9, false}, {0.9, true}}) {
      std::vector<Parameter> all = parameters(dtype);
      for (int step = 0; step < 3; ++step) {
        std::vector<UpdateSlot> slots = slots_of(all);
        for (UpdateSlot& slot : slots) {
          slot.second = {};
          if (options.momentum == 0.0) {
            slot.first = {};
          }
        }
        cpu_kernels().optimizer.sgd(cpu_stream(), options, scalars(1, 2.0).view(), slots);
        for (Parameter& parameter : all) {
          parameter.expect_sgd(options, 2.0);
          if (options.momentum == 0.0) {
            std::fill(parameter.expected_first.begin(), parameter.expected_first.end(), 0.0);
          }
          parameter.expect_agreement();
        }
      }
    }
  }
}

TEST(Optimizer, RowsWithoutGradientKeepTheirBits) {
  Parameter table({100, 8}, DType::f32, 1, 0.1, 0.5);
  table.touched_rows_only = true;
  table.gradient.fill_(0.0);
  table.gradient.select(0, 7).fill_(std::numeric_limits<double>::quiet_NaN());
  table.first.fill_(0.25);
  const Tensor before = table.value.clone();
  std::vector<UpdateSlot> slots{table.slot()};
  cpu_kernels().optimizer.adam(cpu_stream(), {}, scalars(1, 1.0).view(), slots);
  EXPECT_TRUE(same_bits(table.value.slice(0, 8).contiguous(), before.slice(0, 8).contiguous()));
  EXPECT_EQ(table.first.to_vector<float>()[0], 0.25f);
  EXPECT_TRUE(std::isnan(table.value.to_vector<float>()[7 * 8])) << "NaN is no zero gradient";
}

TEST(Optimizer, SquaredNormAddsInDouble) {
  std::vector<Parameter> all = parameters(DType::f32);
  double expected = 0;
  for (const Parameter& parameter : all) {
    for (const double g : parameter.gradient.to_vector<double>()) {
      expected += g * g;
    }
  }
  const double got = squared_norm(slots_of(all));
  EXPECT_NEAR(got, expected, 1e-12 * expected);
  const Tensor large = Tensor::full({4}, 1e30);  // its square is no f32
  std::vector<UpdateSlot> slots(1);
  slots[0].gradient = large.view();
  EXPECT_NEAR(squared_norm(slots) / 4e60, 1.0, 1e-6);
  EXPECT_EQ(squared_norm({}), 0.0);
}

TEST(Optimizer, ClipScalesAddsUpAndStopsAtTheFirstFailure) {
  const Tensor now = scalars(1, 1.0);
  const auto clip = [&](double loss, double squares, double largest, double step) {
    StepScalars& values = *now.output_view().pointer<StepScalars>();
    values.step = step;
    values.squared_norm = squares;
    const Tensor of_step = Tensor::scalar(loss, DType::f64);
    cpu_kernels().optimizer.clip(cpu_stream(), largest, of_step.view(), now.output_view());
    return values;
  };
  EXPECT_EQ(clip(2.0, 25.0, 2.0, 1).gradient_scale, 0.4);
  EXPECT_EQ(clip(3.0, 25.0, 6.0, 2).gradient_scale, 1.0);
  EXPECT_EQ(clip(3.0, 25.0, 0.0, 3).gradient_scale, 1.0);
  EXPECT_EQ(read(now).loss_sum, 8.0);
  EXPECT_EQ(read(now).gradient_norm_sum, 15.0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(clip(1.0, nan, 0.0, 4).failed_step, 4.0);
  EXPECT_EQ(clip(nan, 1.0, 0.0, 5).failed_step, 4.0) << "the first one counts";
  EXPECT_EQ(read(now).loss, 1.0);
  EXPECT_TRUE(std::isnan(read(now).gradient_norm));
  EXPECT_EQ(read(now).loss_sum, 8.0);
  // Nothing is updated from there on.
  Parameter parameter({4}, DType::f32, 1, 0.1, 0.5);
  const Tensor before = parameter.value.clone();
  std::vector<UpdateSlot> slots{parameter.slot()};
  cpu_kernels().optimizer.adam(cpu_stream(), {}, now.view(), slots);
  cpu_kernels().optimizer.sgd(cpu_stream(), {}, now.view(), slots);
  EXPECT_TRUE(same_bits(parameter.value, before));
}

TEST(Optimizer, BitsDoNotDependOnThreads) {
  expect_same_bits_for_any_threads([] {
    std::vector<Parameter> all = parameters(DType::f32);
    const double norm = squared_norm(slots_of(all));
    cpu_kernels().optimizer.adam(cpu_stream(), {}, scalars(1, 1 / std::sqrt(norm)).view(),
                                 slots_of(all));
    std::vector<Tensor> results{Tensor::scalar(norm, DType::f64)};
    for (const Parameter& parameter : all) {
      results.push_back(parameter.value);
    }
    return results;
  });
}

TEST(Optimizer, ErrorsNameWhatWasFoundAndExpected) {
  Parameter parameter({4, 2}, DType::f32, 1, 0.1, 0.0);
  std::vector<UpdateSlot> slots{parameter.slot()};
  const auto adam = [&](const AdamOptions& options) {
    cpu_kernels().optimizer.adam(cpu_stream(), options, scalars(1, 1.0).view(), slots);
  };
  const Tensor few = Tensor::zeros({3}, DType::f64);
  expect_error([&] { cpu_kernels().optimizer.adam(cpu_stream(), {}, few.view(), slots); },
               "adam: scalars is [3]; expected [11]");
  slots[0].second = {};
  expect_error([&] { adam({}); }, "adam: second is not given");
  slots[0].second = parameter.gradient.transpose(0, 1).output_view();
  expect_error([&] { adam({}); }, "adam: second is [2, 4]; expected [4, 2]");
  Parameter line({4}, DType::f32, 1, 0.1, 0.0);
  line.touched_rows_only = true;
  slots = {line.slot()};
  expect_error([&] { adam({}); }, "touched_rows_only is [4]; expected rank 2");
}

}  // namespace
}  // namespace heddle::testing
