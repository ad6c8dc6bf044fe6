// The multimodal Transformer against a second reading of its formulas, sample by sample, from what
// each sample has: hidden steps are not numbers, and never reach a result.

#include "models/fusion/cross_modal_fusion.h"

#include <gtest/gtest.h>

#include "tests/models/fusion_samples.h"

namespace heddle {
namespace {

constexpr auto width = static_cast<std::size_t>(fusion_width);
const std::vector<std::string> three = {"text", "image", "audio"};

Numbers normalised(const LayerNorm& norm, const Numbers& x) {
  const auto count = static_cast<double>(x.size());
  double mean = 0.0;
  double variance = 0.0;
  for (const double value : x) {
    mean += value / count;
  }
  for (const double value : x) {
    variance += (value - mean) * (value - mean) / count;
  }
  Numbers y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    y.push_back((x[i] - mean) / std::sqrt(variance + 1e-5) * norm.scale.value().data<double>()[i] +
                norm.shift.value().data<double>()[i]);
  }
  return y;
}

NumberRows all_normalised(const LayerNorm& norm, const NumberRows& x) {
  NumberRows y;
  for (const Numbers& row : x) {
    y.push_back(normalised(norm, row));
  }
  return y;
}

NumberRows attention_reference(const MultiheadAttention& layer, const NumberRows& queries,
                               const NumberRows& keys) {
  const NumberRows q = each_times(layer.query, queries);
  const NumberRows k = each_times(layer.key, keys);
  const NumberRows v = each_times(layer.value, keys);
  NumberRows y;
  for (const Numbers& query : q) {
    Numbers mixture(query.size(), 0.0);
    const std::size_t per_head = query.size() / static_cast<std::size_t>(layer.heads);
    for (std::size_t head = 0; head < static_cast<std::size_t>(layer.heads); ++head) {
      Numbers scores;
      for (const Numbers& key : k) {
        double total = 0.0;
        for (std::size_t i = head * per_head; i < (head + 1) * per_head; ++i) {
          total += query[i] * key[i];
        }
        scores.push_back(total / std::sqrt(static_cast<double>(per_head)));
      }
      const Numbers weights = softmax_of(scores);
      for (std::size_t i = head * per_head; i < (head + 1) * per_head; ++i) {
        for (std::size_t t = 0; t < v.size(); ++t) {
          mixture[i] += weights[t] * v[t][i];
        }
      }
    }
    y.push_back(times(layer.out.weight, layer.out.bias, mixture));
  }
  return y;
}

/// One block, with cross-attention to `memory` or, where it has none, self-attention.
NumberRows block_reference(const TransformerBlock& block, NumberRows x, const NumberRows& memory) {
  const NumberRows added =
      block.cross.has_value()
          ? attention_reference(*block.cross, all_normalised(*block.cross_norm, x),
                                all_normalised(*block.memory_norm, memory))
          : attention_reference(*block.self, all_normalised(*block.self_norm, x),
                                all_normalised(*block.self_norm, x));
  for (std::size_t t = 0; t < x.size(); ++t) {
    x[t] = plus(x[t], added[t]);
    Numbers inside =
        times(block.feed_in.weight, block.feed_in.bias, normalised(block.feed_norm, x[t]));
    const Numbers values = gelu(Variable(Tensor::from(std::span<const double>(inside),
                                                      {static_cast<std::int64_t>(inside.size())})))
                               .value()
                               .to_vector<double>();
    x[t] = plus(x[t], times(block.feed_out.weight, block.feed_out.bias, values));
  }
  return x;
}

NumberRows placed(const NumberRows& steps) {
  NumberRows y;
  for (std::size_t t = 0; t < steps.size(); ++t) {
    Numbers& row = y.emplace_back();
    for (std::size_t i = 0; i < width; ++i) {
      const double angle =
          static_cast<double>(t) *
          std::pow(10000.0, -static_cast<double>(i / 2 * 2) / static_cast<double>(width));
      row.push_back(steps[t][i] * std::sqrt(static_cast<double>(width)) +
                    (i % 2 == 0 ? std::sin(angle) : std::cos(angle)));
    }
  }
  return y;
}

TEST(CrossModalFusion, TransformersLookAcrossThenWithin) {
  for (const StatePool pool : {StatePool::mean, StatePool::last}) {
    FusionConfig config;
    config.heads = 2;
    config.layers = 2;
    config.pool = pool;
    CrossModalFusion fusion(fusion_spec(three), config, Generator(1));
    randomise(fusion, 2);
    FusionInputs inputs = step_inputs({4, 2, 3});
    inputs[1] = vector_inputs(2)[1];
    const Tensor found = fusion(inputs).values.value();
    for (std::size_t b = 0; b < fusion_samples; ++b) {
      const std::vector<NumberRows> seen = visible_rows(inputs, b);
      NumberRows pooled;
      for (std::size_t m = 0; m < 3; ++m) {
        NumberRows states(seen[m].size());
        for (const CrossModalFusion::Crossing& crossing : fusion.crossings) {
          if (crossing.target != m) {
            continue;
          }
          NumberRows x = placed(seen[m]);
          for (const TransformerBlock& block : crossing.stack.blocks) {
            x = block_reference(block, x, placed(seen[crossing.source]));
          }
          for (std::size_t t = 0; t < x.size(); ++t) {
            const Numbers row = normalised(crossing.stack.norm, x[t]);
            states[t].insert(states[t].end(), row.begin(), row.end());
          }
        }
        for (const TransformerBlock& block : fusion.within[m].blocks) {
          states = block_reference(block, states, {});
        }
        states = all_normalised(fusion.within[m].norm, states);
        pooled.push_back(Numbers(2 * width, 0.0));
        if (!states.empty()) {
          pooled.back() =
              pool == StatePool::last
                  ? states.back()
                  : mixed(Numbers(states.size(), 1.0 / static_cast<double>(states.size())), states,
                          2 * width);
        }
      }
      expect_row(found, b,
                 tanh_of(times(fusion.linear.weight, fusion.linear.bias, joined(pooled))));
    }
  }
}

TEST(CrossModalFusion, OfOneStepIsTheSamePerStepAndPerSample) {
  FusionConfig config;
  config.heads = 2;
  CrossModalFusion per_sample(fusion_spec(three), config, Generator(1));
  CrossModalFusion per_step(fusion_spec(three, true), config, Generator(1));
  FusionInputs inputs;
  for (std::uint64_t m = 0; m < 3; ++m) {
    inputs.push_back({.vector = {},
                      .steps = random_values({1, fusion_samples, fusion_width}, 50 + m),
                      .lengths = {},
                      .present = bools(presence_of(m))});
  }
  const std::vector<double> found = per_step(inputs).values.value().to_vector<double>();
  const std::vector<double> expected = per_sample(inputs).values.value().to_vector<double>();
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected[i], 1e-13);
  }
}

}  // namespace
}  // namespace heddle
