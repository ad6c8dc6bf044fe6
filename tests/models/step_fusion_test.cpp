// Fusions of steps against the formulas of their papers, sample by sample, from what each sample
// has: hidden steps are not numbers, and never reach a result.

#include <gtest/gtest.h>

#include "models/fusion/co_attention_fusion.h"
#include "models/fusion/fusion_block.h"
#include "models/fusion/memory_fusion.h"
#include "tests/models/fusion_samples.h"

namespace heddle {
namespace {

constexpr auto width = static_cast<std::size_t>(fusion_width);
const std::vector<std::string> three = {"text", "image", "audio"};

NumberRows transposed(const NumberRows& x) {
  NumberRows y(x.empty() ? 0 : x.front().size(), Numbers(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < x[i].size(); ++j) {
      y[j][i] = x[i][j];
    }
  }
  return y;
}

Numbers attend(const NumberRows& own, const NumberRows& projected, const NumberRows& other,
               const NumberRows& affinity, const Variable& weight) {
  Numbers scores;
  for (std::size_t s = 0; s < own.size(); ++s) {
    const Numbers from_other = mixed(affinity.empty() ? Numbers() : affinity[s], other, width);
    scores.push_back(inner(weight, tanh_of(plus(projected[s], from_other))));
  }
  return mixed(softmax_of(scores), own, width);
}

TEST(CoAttentionFusion, EachSideAttendsByTheAffinityWithTheOther) {
  CoAttentionFusion fusion(fusion_spec(three), Generator(1));
  randomise(fusion, 2);
  FusionInputs inputs = step_inputs({4, 2, 3});
  inputs[1] = vector_inputs(2)[1];
  const Tensor found = fusion(inputs).values.value();
  for (std::size_t b = 0; b < fusion_samples; ++b) {
    const std::vector<NumberRows> seen = visible_rows(inputs, b);
    NumberRows parts;
    for (const CoAttentionFusion::Pair& pair : fusion.pairs) {
      const NumberRows& left = seen[pair.left];
      const NumberRows& right = seen[pair.right];
      NumberRows affinity;
      for (const Numbers& row : each_times(pair.affinity, left)) {
        Numbers& entries = affinity.emplace_back();
        for (const Numbers& other : right) {
          double total = 0.0;
          for (std::size_t i = 0; i < width; ++i) {
            total += row[i] * other[i];
          }
          entries.push_back(std::tanh(total));
        }
      }
      const NumberRows p = each_times(pair.p, left);
      const NumberRows q = each_times(pair.q, right);
      parts.push_back(attend(left, p, q, affinity, pair.left_attention.weight));
      parts.push_back(attend(right, q, p, transposed(affinity), pair.right_attention.weight));
    }
    expect_row(found, b, tanh_of(times(fusion.linear.weight, fusion.linear.bias, joined(parts))));
  }
}

Numbers network(const MemoryFusion::Network& net, const Numbers& x) {
  return times(net.second.weight, net.second.bias,
               tanh_of(times(net.first.weight, net.first.bias, x)));
}

double sigmoid_of(double x) { return 1.0 / (1.0 + std::exp(-x)); }

/// One step of an LSTM with gates in the order i, f, g, o.
void step_cells(const Lstm::Layer& layer, const Numbers& x, Numbers& h, Numbers& c) {
  const Variable input = select(layer.weight_input, 0, 0);
  const Variable hidden = select(layer.weight_hidden, 0, 0);
  const Numbers gates = plus(times(input, select(layer.bias, 0, 0), x), times(hidden, {}, h));
  for (std::size_t i = 0; i < width; ++i) {
    c[i] = sigmoid_of(gates[width + i]) * c[i] +
           sigmoid_of(gates[i]) * std::tanh(gates[2 * width + i]);
    h[i] = sigmoid_of(gates[3 * width + i]) * std::tanh(c[i]);
  }
}

Numbers memory_reference(const MemoryFusion& fusion, const std::vector<NumberRows>& seen) {
  const std::size_t count = seen.size();
  NumberRows h(count, Numbers(width, 0.0));
  NumberRows c = h;
  Numbers memory(width, 0.0);
  for (std::size_t t = 0; t < 3; ++t) {
    bool any = false;
    const NumberRows before = c;
    for (std::size_t m = 0; m < count; ++m) {
      if (t < seen[m].size()) {
        step_cells(fusion.cells[m].layers[0], seen[m][t], h[m], c[m]);
        any = true;
      }
    }
    Numbers both = joined(before);
    for (const double value : joined(c)) {
      both.push_back(value);
    }
    const Numbers weights = softmax_of(network(fusion.attention, both));
    for (std::size_t i = 0; i < both.size(); ++i) {
      both[i] *= weights[i];
    }
    const Numbers retain = network(fusion.retain, both);
    const Numbers update = network(fusion.update, both);
    const Numbers candidate = network(fusion.candidate, both);
    for (std::size_t i = 0; i < width && any; ++i) {
      memory[i] =
          sigmoid_of(retain[i]) * memory[i] + sigmoid_of(update[i]) * std::tanh(candidate[i]);
    }
  }
  h.push_back(memory);
  return tanh_of(times(fusion.linear.weight, fusion.linear.bias, joined(h)));
}

TEST(MemoryFusion, CarriesAMemoryOverAlignedSteps) {
  MemoryFusion fusion(fusion_spec(three), Generator(1));
  randomise(fusion, 2);
  const FusionInputs inputs = step_inputs({3, 3, 3});
  const Tensor found = fusion(inputs).values.value();
  for (std::size_t b = 0; b < fusion_samples; ++b) {
    expect_row(found, b, memory_reference(fusion, visible_rows(inputs, b)));
  }
}

TEST(MemoryFusion, EachStepIsTheFusionOfWhatHasBeen) {
  MemoryFusion per_sample(fusion_spec(three), Generator(1));
  MemoryFusion per_step(fusion_spec(three, true), Generator(1));
  FusionInputs inputs = step_inputs({3, 3, 3});
  const Tensor found = per_step(inputs).values.value();
  EXPECT_EQ(found.shape(), (Shape{3, fusion_samples, fusion_width}));
  for (std::int64_t t = 0; t < 3; ++t) {
    FusionInputs until = inputs;
    for (FusionInput& input : until) {
      input.steps = slice(input.steps, 0, 0, t + 1);
    }
    const std::vector<double> expected = per_sample(until).values.value().to_vector<double>();
    const std::vector<double> row = found.select(0, t).to_vector<double>();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(row[i], expected[i], 1e-13) << "step " << t;
    }
  }
}

TEST(MemoryFusion, SaysWhatItNeeds) {
  MemoryFusion fusion(fusion_spec(three), Generator(1));
  const auto expect_error = [&](const FusionInputs& inputs, const std::string& part) {
    try {
      static_cast<void>(fusion(inputs));
      ADD_FAILURE() << "no error with \"" << part << "\"";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  expect_error(step_inputs({3, 3, 2}), "\"audio\" has 2 steps but \"text\" has 3");
  expect_error(vector_inputs(3), "\"text\" is one vector");
}

TEST(FusionBlock, OneResultPerAlignedStepIsThatOfTheStepsAsSamples) {
  for (const FusionKind kind : {FusionKind::concat, FusionKind::attention, FusionKind::gated,
                                FusionKind::tensor, FusionKind::low_rank, FusionKind::bilinear}) {
    FusionConfig config;
    config.kind = kind;
    config.width = 2;
    FusionBlock per_step(fusion_spec(three, true), config, Generator(1));
    FusionBlock per_sample(fusion_spec(three), config, Generator(1));
    FusionInputs steps;
    FusionInputs first;
    for (std::size_t m = 0; m < 3; ++m) {
      FusionInput& input = steps.emplace_back();
      input.steps = random_values({2, fusion_samples, fusion_width}, 40 + m);
      input.present = Tensor::full({2, fusion_samples}, 1.0, DType::boolean);
      input.present.mutable_data<bool>()[m] = false;
      first.push_back({.vector = select(input.steps, 0, 0),
                       .steps = {},
                       .lengths = {},
                       .present = input.present.select(0, 0)});
    }
    const Tensor all = per_step(steps).values.value();
    EXPECT_EQ(all.shape(), (Shape{2, fusion_samples, fusion_width}));
    const std::vector<double> expected = per_sample(first).values.value().to_vector<double>();
    const std::vector<double> found = all.select(0, 0).to_vector<double>();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], 1e-13) << name_of(kind);
    }
  }
}

}  // namespace
}  // namespace heddle
