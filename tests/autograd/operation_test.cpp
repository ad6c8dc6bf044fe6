// Every check of docs/architecture.md on every row of the table in tests/support/cases.h.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/random.h"
#include "tests/support/backends.h"
#include "tests/support/cases.h"
#include "tests/support/closeness.h"
#include "tests/support/tolerances.h"
#include "tests/support/wide_registers.h"

#ifdef HEDDLE_TEST_SIM
#include "kernels/gpu/sim/schedule.h"
#endif

namespace heddle {
namespace {

/// Outputs, and gradients of Σ outputs · weights for the inputs that want one (zeros where none
/// flowed).
struct Outcome {
  std::vector<Tensor> outputs;
  std::vector<Tensor> gradients;
};

Outcome run(const DifferentiableFunction& function, const Variables& inputs,
            const std::function<Tensor(const Tensor&)>& weights_layout,
            const BackwardOptions& options = {}) {
  Tape tape;
  Outcome found;
  Variables reached;
  Variables weights;
  Generator generator(99);
  for (const Variable& output : function(inputs)) {
    found.outputs.push_back(output.value());
    const Tensor drawn = random_uniform(output.shape(), -1.0, 1.0, generator, DType::f64);
    if (output.needs_grad()) {
      reached.push_back(output);
      weights.emplace_back(weights_layout(drawn.to(output.dtype()).to(output.device())));
    }
  }
  const Variables gradients = tape.gradient(reached, inputs, weights, options);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].needs_grad()) {
      found.gradients.push_back(gradients[i].defined() ? gradients[i].value()
                                                       : Tensor::zeros_like(inputs[i].value()));
    }
  }
  return found;
}

Tensor as_it_is(const Tensor& x) { return x; }

/// The same numbers, the first dimension fastest in memory.
Tensor column_major(const Tensor& x) {
  Dims order;
  for (int dim = x.rank() - 1; dim >= 0; --dim) {
    order.push_back(dim);
  }
  return x.permute(order).contiguous().permute(order);
}

/// The same numbers as every second of a larger block, not at its start.
Tensor spread_out(const Tensor& x) {
  if (x.rank() == 0) {
    const Tensor block = Tensor::full({3}, 1e30, x.dtype());
    Tensor place = block.select(0, 1);
    place.copy_(x);
    return place;
  }
  const std::int64_t last = x.size(-1);
  const Tensor block =
      Tensor::full(x.shape().replaced(x.rank() - 1, 2 * last + 1), 1e30, x.dtype());
  Tensor place = block.slice(-1, 1, 1 + 2 * last, 2);
  place.copy_(x);
  return place;
}

/// The first entry of the first dimension, repeated by a stride of 0.
Tensor repeated(const Tensor& x) {
  return x.rank() == 0 || x.size(0) == 0 ? x : x.slice(0, 0, 1).expand(x.shape());
}

Variables with_layout(const Variables& inputs, const std::function<Tensor(const Tensor&)>& layout) {
  Variables changed;
  for (const Variable& input : inputs) {
    changed.emplace_back(layout(input.value()), input.needs_grad());
  }
  return changed;
}

Variables moved(const Variables& inputs, DType dtype, Device device) {
  return with_layout(inputs, [&](const Tensor& x) { return x.to(dtype).to(device); });
}

void expect_same_bits(const Outcome& found, const Outcome& expected) {
  ASSERT_EQ(found.outputs.size(), expected.outputs.size());
  for (std::size_t i = 0; i < found.outputs.size(); ++i) {
    EXPECT_TRUE(same_bits(found.outputs[i], expected.outputs[i])) << "output " << i;
  }
  ASSERT_EQ(found.gradients.size(), expected.gradients.size());
  for (std::size_t i = 0; i < found.gradients.size(); ++i) {
    EXPECT_TRUE(same_bits(found.gradients[i], expected.gradients[i])) << "gradient " << i;
  }
}

/// On sim in three orders of threads and blocks, which must give the same bits.
Outcome run_on(Device device, const Example& example, DType dtype) {
  const auto once = [&] {
    return run(example.function, moved(example.inputs, dtype, device), as_it_is);
  };
  const Outcome found = once();
#ifdef HEDDLE_TEST_SIM
  if (device.backend == Backend::sim) {
    for (const sim::Schedule schedule :
         {sim::Schedule{sim::Order::reverse}, {sim::Order::shuffled, 7}}) {
      SCOPED_TRACE("order of threads: " + to_string(schedule));
      const sim::ScheduleScope scope(schedule);
      expect_same_bits(once(), found);
    }
  }
#endif
  return found;
}

void expect_close(const Outcome& found, const Outcome& expected, double tolerance) {
  ASSERT_EQ(found.outputs.size(), expected.outputs.size());
  for (std::size_t i = 0; i < found.outputs.size(); ++i) {
    EXPECT_TRUE(close(found.outputs[i], expected.outputs[i], tolerance)) << "output " << i;
  }
  ASSERT_EQ(found.gradients.size(), expected.gradients.size());
  for (std::size_t i = 0; i < found.gradients.size(); ++i) {
    EXPECT_TRUE(close(found.gradients[i], expected.gradients[i], tolerance)) << "gradient " << i;
  }
}

class OperationTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  const OperationCase& row() const { return operation_cases()[GetParam()]; }
};

TEST_P(OperationTest, WrongCallsSayWhatIsWrong) {
  for (const WrongCall& wrong : row().wrong_calls) {
    try {
      wrong.call();
      ADD_FAILURE() << "nothing thrown; expected: " << wrong.message;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(wrong.message), std::string::npos)
          << "the message is: " << error.what() << "\nexpected in it: " << wrong.message;
    }
  }
}

TEST_P(OperationTest, GradientIsThatOfDifferences) {
  for (const Example& example : row().examples) {
    if (!example.first_order) {
      continue;
    }
    SCOPED_TRACE(example.name);
    const GradcheckResult result =
        gradcheck(example.function, example.inputs, {.relative = first_order_tolerance});
    EXPECT_TRUE(result.passed) << result.message;
  }
}

TEST_P(OperationTest, SecondDerivativesAreThoseOfDifferences) {
  for (const Example& example : row().examples) {
    if (!example.second_order) {
      continue;
    }
    SCOPED_TRACE(example.name);
    const GradcheckResult result =
        gradgradcheck(example.function, example.inputs, {.relative = second_order_tolerance});
    EXPECT_TRUE(result.passed) << result.message;
  }
}

TEST_P(OperationTest, AgreesWithReference) {
  for (const Example& example : row().examples) {
    SCOPED_TRACE(example.name);
    const Outcome found = run(example.function, example.inputs, as_it_is);
    if (example.reference) {
      expect_close(found, run(example.reference, example.inputs, as_it_is), reference_tolerance);
    }
    // Under create_graph fused operations are differentiated through their references.
    expect_close(run(example.function, example.inputs, as_it_is, {.create_graph = true}), found,
                 reference_tolerance);
  }
}

TEST_P(OperationTest, AnyStridesGiveTheSame) {
  for (const Example& example : row().examples) {
    SCOPED_TRACE(example.name);
    const Outcome expected = run(example.function, example.inputs, as_it_is);
    for (const auto layout : {column_major, spread_out}) {
      SCOPED_TRACE(layout == column_major ? "column major" : "spread out");
      expect_close(run(example.function, with_layout(example.inputs, layout), layout), expected,
                   layout_tolerance);
    }
    const Variables views = with_layout(example.inputs, repeated);
    const Variables copies = with_layout(views, [](const Tensor& x) { return x.clone(); });
    SCOPED_TRACE("repeated by strides of 0");
    const auto repeated_copy = [](const Tensor& x) { return repeated(x).clone(); };
    expect_close(run(example.function, views, repeated),
                 run(example.function, copies, repeated_copy), layout_tolerance);
  }
}

TEST_P(OperationTest, SinglePrecisionIsNearDouble) {
  for (const Example& example : row().examples) {
    SCOPED_TRACE(example.name);
    const Variables single = moved(example.inputs, DType::f32, Device{});
    const Outcome found = run(example.function, single, as_it_is);
    for (const Tensor& output : found.outputs) {
      EXPECT_EQ(output.dtype(), DType::f32);
    }
    // From the same rounded numbers.
    const Outcome expected = run(example.function, moved(single, DType::f64, Device{}), as_it_is);
    expect_close(found, expected, single_tolerance);
  }
}

TEST_P(OperationTest, BackendsAgree) {
  for (const Device device : available_devices()) {
    for (const Example& example : row().examples) {
      SCOPED_TRACE(concat(device, ", ", example.name));
      for (const DType dtype : {DType::f32, DType::f64}) {
        const Outcome found = run_on(device, example, dtype);
        const Outcome expected =
            run(example.function, moved(example.inputs, dtype, Device{}), as_it_is);
        expect_close(found, expected,
                     device == Device{}    ? 0.0
                     : dtype == DType::f32 ? backend_tolerance_f32
                                           : backend_tolerance_f64);
      }
    }
  }
}

TEST_P(OperationTest, NarrowRegistersGiveTheSameBits) {
  if (!cpu::wide_registers()) {
    GTEST_SKIP() << "no AVX-512 here";
  }
  for (const Example& example : row().examples) {
    for (const DType dtype : {DType::f32, DType::f64}) {
      SCOPED_TRACE(concat(example.name, ", ", dtype));
      const Outcome wide = run_on(Device{}, example, dtype);
      const WithoutWideRegisters without;
      expect_same_bits(run_on(Device{}, example, dtype), wide);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Case, OperationTest,
                         ::testing::Range(std::size_t{0}, operation_cases().size()),
                         [](const ::testing::TestParamInfo<std::size_t>& place) {
                           return operation_cases()[place.param].name;
                         });

}  // namespace
}  // namespace heddle
