// Fusions of vectors against the formulas of their papers, sample by sample, from what each sample
// has: absent values are not numbers, and never reach a result.

#include <gtest/gtest.h>

#include "models/fusion/attention_fusion.h"
#include "models/fusion/bilinear_fusion.h"
#include "models/fusion/concat_fusion.h"
#include "models/fusion/gated_fusion.h"
#include "models/fusion/late_fusion.h"
#include "models/fusion/low_rank_fusion.h"
#include "models/fusion/tensor_fusion.h"
#include "tests/models/fusion_samples.h"

namespace heddle {
namespace {

constexpr auto width = static_cast<std::size_t>(fusion_width);
const std::vector<std::string> three = {"text", "image", "audio"};

TEST(ConcatFusion, IsALayerOverAllVectors) {
  ConcatFusion fusion(fusion_spec(three), Generator(1));
  randomise(fusion, 2);
  const FusionInputs inputs = vector_inputs(3);
  const Tensor found = fusion(inputs).values.value();
  for (std::size_t b = 0; b < fusion_samples; ++b) {
    NumberRows parts;
    for (const NumberRows& rows : visible_rows(inputs, b)) {
      parts.push_back(first_or_zero(rows));
    }
    expect_row(found, b, tanh_of(times(fusion.linear.weight, fusion.linear.bias, joined(parts))));
  }
}

TEST(GatedFusion, SumsWhatTheGatesLetThrough) {
  GatedFusion fusion(fusion_spec(three), Generator(1));
  randomise(fusion, 2);
  const FusionInputs inputs = vector_inputs(3);
  const Fused found = fusion(inputs);
  for (std::size_t b = 0; b < fusion_samples; ++b) {
    const std::vector<NumberRows> seen = visible_rows(inputs, b);
    NumberRows parts;
    for (const NumberRows& rows : seen) {
      parts.push_back(first_or_zero(rows));
    }
    const Numbers all = joined(parts);
    Numbers expected(width, 0.0);
    for (std::size_t m = 0; m < 3; ++m) {
      const Numbers gate = times(fusion.gates.weight, fusion.gates.bias, all,
                                 static_cast<std::int64_t>(m) * fusion_width, fusion_width);
      const Numbers value =
          tanh_of(times(fusion.values[m].weight, fusion.values[m].bias, parts[m]));
      double mean_gate = 0.0;
      for (std::size_t i = 0; i < width && !seen[m].empty(); ++i) {
        const double open = 1.0 / (1.0 + std::exp(-gate[i]));
        expected[i] += open * value[i];
        mean_gate += open / static_cast<double>(width);
      }
      EXPECT_NEAR(element(found.modality_weights, static_cast<std::int64_t>(m),
                          static_cast<std::int64_t>(b)),
                  mean_gate, 1e-12);
    }
    expect_row(found.values.value(), b, expected);
  }
}

TEST(TensorFusion, WeighsEveryProductOfNumbersOfDifferentModalities) {
  FusionConfig config;
  config.width = 2;
  TensorFusion fusion(fusion_spec(three), config, Generator(1));
  randomise(fusion, 2);
  const FusionInputs inputs = vector_inputs(3);
  const Tensor found = fusion(inputs).values.value();
  for (std::size_t b = 0; b < fusion_samples; ++b) {
    const std::vector<NumberRows> seen = visible_rows(inputs, b);
    NumberRows factors;
    for (std::size_t m = 0; m < 3; ++m) {
      Numbers z =
          seen[m].empty()
              ? Numbers(2, 0.0)
              : tanh_of(times(fusion.factors[m].weight, fusion.factors[m].bias, seen[m].front()));
      z.push_back(1.0);
      factors.push_back(z);
    }
    Numbers products;
    for (const double x : factors[0]) {
      for (const double y : factors[1]) {
        for (const double z : factors[2]) {
          products.push_back(x * y * z);
        }
      }
    }
    expect_row(found, b, tanh_of(times(fusion.linear.weight, fusion.linear.bias, products)));
  }
}

TEST(TensorFusion, RefusesAProductThatIsTooLarge) {
  FusionConfig config;
  config.width = 200;
  try {
    const TensorFusion fusion(fusion_spec(three), config, Generator(1));
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("low_rank"), std::string::npos) << error.what();
  }
}

/// The full tensor of the paper, its weight being the sum of outer products of the factors.
TEST(LowRankFusion, IsTensorFusionWithAWeightOfThatRank) {
  FusionConfig config;
  config.rank = 3;
  LowRankFusion fusion(fusion_spec(three), config, Generator(1));
  randomise(fusion, 2);
  const FusionInputs inputs = vector_inputs(3);
  const Tensor found = fusion(inputs).values.value();
  const auto factor = [&](std::size_t m, std::int64_t i, std::size_t out, std::size_t in) {
    const Linear& layer = fusion.factors[m];
    const std::int64_t row = i * fusion_width + static_cast<std::int64_t>(out);
    return in == width ? layer.bias.value().data<double>()[row]
                       : element(layer.weight.value(), row, static_cast<std::int64_t>(in));
  };
  for (std::size_t b = 0; b < fusion_samples; ++b) {
    NumberRows extended;
    for (const NumberRows& rows : visible_rows(inputs, b)) {
      Numbers x = first_or_zero(rows);
      x.push_back(1.0);
      extended.push_back(x);
    }
    Numbers expected(width, 0.0);
    for (std::size_t out = 0; out < width; ++out) {
      for (std::size_t j = 0; j <= width; ++j) {
        for (std::size_t k = 0; k <= width; ++k) {
          for (std::size_t l = 0; l <= width; ++l) {
            double weight = 0.0;
            for (std::int64_t i = 0; i < config.rank; ++i) {
              weight += factor(0, i, out, j) * factor(1, i, out, k) * factor(2, i, out, l);
            }
            expected[out] += weight * extended[0][j] * extended[1][k] * extended[2][l];
          }
        }
      }
    }
    expect_row(found, b, expected);
  }
}

Numbers pooled_pair(const BilinearFusion::Pair& pair, const NumberRows& left,
                    const NumberRows& right, std::int64_t factors) {
  Numbers q;
  double squares = 0.0;
  for (std::int64_t out = 0; out < fusion_width; ++out) {
    double p = 0.0;
    for (std::int64_t k = out * factors; k < (out + 1) * factors; ++k) {
      const double u = left.empty() ? 1.0 : times(pair.u.weight, {}, left.front(), k, 1)[0];
      const double v = right.empty() ? 1.0 : times(pair.v.weight, {}, right.front(), k, 1)[0];
      p += left.empty() && right.empty() ? 0.0 : u * v;
    }
    q.push_back(p / std::sqrt(std::abs(p) + 1e-6));
    squares += q.back() * q.back();
  }
  for (double& value : q) {
    value /= std::sqrt(squares + 1e-12);
  }
  return q;
}

TEST(BilinearFusion, PoolsFactorisedProductsOfEveryPair) {
  FusionConfig config;
  config.factors = 3;
  for (const std::size_t count : {std::size_t{2}, std::size_t{3}}) {
    BilinearFusion fusion(fusion_spec({three.begin(), three.begin() + static_cast<long>(count)}),
                          config, Generator(1));
    randomise(fusion, 2);
    const FusionInputs inputs = vector_inputs(count);
    const Tensor found = fusion(inputs).values.value();
    for (std::size_t b = 0; b < fusion_samples; ++b) {
      const std::vector<NumberRows> seen = visible_rows(inputs, b);
      NumberRows results;
      for (const BilinearFusion::Pair& pair : fusion.pairs) {
        results.push_back(pooled_pair(pair, seen[pair.left], seen[pair.right], config.factors));
      }
      expect_row(found, b,
                 count == 2 ? results[0]
                            : times(fusion.linear->weight, fusion.linear->bias, joined(results)));
    }
  }
}

TEST(AttentionFusion, WeighsTokensOfModalitiesAndSteps) {
  AttentionFusion fusion(fusion_spec(three), Generator(1));
  randomise(fusion, 2);
  FusionInputs mixed_inputs = step_inputs({4, 2, 3});
  mixed_inputs[1] = vector_inputs(2)[1];
  for (const FusionInputs& inputs : {vector_inputs(3), mixed_inputs}) {
    const Fused found = fusion(inputs);
    for (std::size_t b = 0; b < fusion_samples; ++b) {
      const std::vector<NumberRows> seen = visible_rows(inputs, b);
      NumberRows means;
      for (const NumberRows& rows : seen) {
        means.push_back(mean_or_zero(rows));
      }
      const Numbers whole = times(fusion.context.weight, {}, joined(means));
      NumberRows tokens;
      Numbers scores;
      std::vector<std::size_t> owner;
      for (std::size_t m = 0; m < 3; ++m) {
        const Numbers bias =
            fusion.modality.value().select(0, static_cast<std::int64_t>(m)).to_vector<double>();
        for (const Numbers& x : seen[m]) {
          tokens.push_back(tanh_of(plus(plus(times(fusion.token.weight, {}, x), whole), bias)));
          scores.push_back(inner(fusion.attention.weight, tokens.back()));
          owner.push_back(m);
        }
      }
      const Numbers weights = softmax_of(scores);
      expect_row(found.values.value(), b, mixed(weights, tokens, width));
      Numbers shares(3, 0.0);
      for (std::size_t j = 0; j < weights.size(); ++j) {
        shares[owner[j]] += weights[j];
      }
      for (std::size_t m = 0; m < 3; ++m) {
        EXPECT_NEAR(element(found.modality_weights, static_cast<std::int64_t>(m),
                            static_cast<std::int64_t>(b)),
                    shares[m], 1e-12);
      }
    }
  }
}

TEST(LateFusion, AveragesTheClassifiersOfWhatIsPresent) {
  for (const LateWeights kind : {LateWeights::learned, LateWeights::equal}) {
    FusionConfig config;
    config.weights = kind;
    LateFusion fusion(fusion_spec(three), config, 2, true, Generator(1));
    randomise(fusion, 2);
    const FusionInputs inputs = vector_inputs(3);
    const ModelOutput found = fusion(inputs);
    for (std::size_t b = 0; b < fusion_samples; ++b) {
      const std::vector<NumberRows> seen = visible_rows(inputs, b);
      Numbers logits(2, 0.0);
      double score = 0.0;
      double total = 0.0;
      for (std::size_t m = 0; m < 3; ++m) {
        if (seen[m].empty()) {
          continue;
        }
        const double weight =
            fusion.weights.defined() ? std::exp(fusion.weights.value().data<double>()[m]) : 1.0;
        const Classifier& own = fusion.classifiers[m];
        const Numbers said = times(own.logits->weight, own.logits->bias, seen[m].front());
        logits = plus(logits, {weight * said[0], weight * said[1]});
        score += weight * times(own.score->weight, own.score->bias, seen[m].front())[0];
        total += weight;
      }
      const double divisor = total == 0.0 ? 1.0 : total;
      expect_row(found.logits.value(), b, {logits[0] / divisor, logits[1] / divisor});
      EXPECT_NEAR(found.score.value().data<double>()[b], score / divisor, 1e-12);
    }
  }
}

}  // namespace
}  // namespace heddle
