// What every encoder says of its steps, against plain loops or against its own parts.

#include "models/step_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/transformer_block.h"
#include "models/masked_steps.h"
#include "models/picture_regions.h"
#include "tests/layers/parameter_check.h"
#include "tests/models/tiny_sentiment.h"

namespace heddle {
namespace {

Tensor random(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return random_normal(shape, 0.0, 1.0, generator, DType::f64);
}

Tensor lengths_of(std::initializer_list<std::int64_t> lengths) {
  return Tensor::from<std::int64_t>(lengths, {static_cast<std::int64_t>(lengths.size())});
}

InputSpec picture(std::int64_t side) {
  return {.name = "image", .kind = InputSpec::Kind::image, .shape = {3, side, side}};
}

TEST(MaskedSteps, MeanIsOverEachSamplesOwnSteps) {
  const Tensor states = random({3, 2, 2}, 1);
  const std::vector<double> x = states.to_vector<double>();
  const std::vector<double> found =
      mean_over_steps(Variable(states), lengths_of({2, 3})).value().to_vector<double>();
  expect_near(
      found,
      {(x[0] + x[4]) / 2, (x[1] + x[5]) / 2, (x[2] + x[6] + x[10]) / 3, (x[3] + x[7] + x[11]) / 3},
      1e-15);
  const std::vector<double> cut =
      zero_beyond(Variable(states), lengths_of({2, 3})).value().to_vector<double>();
  EXPECT_EQ(cut[8], 0.0);
  EXPECT_EQ(cut[9], 0.0);
  EXPECT_EQ(cut[10], x[10]);
}

TEST(StepEncoder, ABagOfWordsIsTheMeanOfItsOwnWords) {
  TokenEncoderConfig config;
  config.embedding = 3;
  config.layers = 0;
  TextEncoder encoder(9, 4, config, Generator(1), DType::f64);
  ASSERT_EQ(encoder.width(), 3);
  Generator generator(2);
  const Tensor tokens = tiny_tokens(3, 2, generator);
  const std::vector<std::int64_t> words = tokens.to_vector<std::int64_t>();
  const std::vector<double> table = encoder.embedding.weight.value().to_vector<double>();
  const auto of = [&](std::size_t t, std::size_t b, std::size_t i) {
    return table[static_cast<std::size_t>(words[t * 2 + b]) * 3 + i];
  };
  std::vector<double> expected;
  for (std::size_t i = 0; i < 3; ++i) {
    expected.push_back(of(0, 0, i));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    expected.push_back((of(0, 1, i) + of(1, 1, i) + of(2, 1, i)) / 3);
  }
  const EncodedSteps steps = encoder(tokens, lengths_of({1, 3}));
  expect_near(steps.final.value().to_vector<double>(), expected, 1e-15);
}

TEST(StepEncoder, TextCnnIsTheFormulaWordForWord) {
  TokenEncoderConfig config;
  config.embedding = 3;
  config.widths = {1, 2, 3, 4};
  config.filters = 2;
  TextCnn encoder(9, config, Generator(1), DType::f64);
  for (Conv1d& filter : encoder.filters) {
    filter.bias.set_value(random({2}, 5));
  }
  Generator generator(2);
  const Tensor tokens = tiny_tokens(4, 3, generator);
  const std::vector<std::int64_t> lengths = {4, 1, 2};
  const EncodedSteps steps = encoder(tokens, lengths_of({4, 1, 2}));
  ASSERT_EQ(steps.states.shape(), (Shape{4, 3, 8}));
  ASSERT_EQ(encoder.width(), 8);
  const std::vector<double> table = encoder.embedding.weight.value().to_vector<double>();
  const std::vector<double> states = steps.states.value().to_vector<double>();
  const std::vector<double> largest = steps.final.value().to_vector<double>();
  for (std::int64_t b = 0; b < 3; ++b) {
    const std::int64_t length = lengths[static_cast<std::size_t>(b)];
    for (std::int64_t column = 0; column < 8; ++column) {
      const Conv1d& filter = encoder.filters[static_cast<std::size_t>(column / 2)];
      const std::int64_t span = filter.weight.size(2);
      const std::vector<double> weight = filter.weight.value().to_vector<double>();
      double most = 0.0;
      for (std::int64_t t = 0; t < length; ++t) {
        double sum = filter.bias.value().to_vector<double>()[static_cast<std::size_t>(column % 2)];
        for (std::int64_t k = 0; k < span; ++k) {
          const std::int64_t word = t - (span - 1) / 2 + k;
          if (word < 0 || word >= length) {
            continue;
          }
          const std::int64_t token = tokens.data<std::int64_t>()[word * 3 + b];
          for (std::int64_t e = 0; e < 3; ++e) {
            sum += weight[static_cast<std::size_t>((column % 2 * 3 + e) * span + k)] *
                   table[static_cast<std::size_t>(token * 3 + e)];
          }
        }
        const double value = std::max(sum, 0.0);
        EXPECT_NEAR(states[static_cast<std::size_t>((t * 3 + b) * 8 + column)], value, 1e-13);
        most = std::max(most, value);
      }
      EXPECT_NEAR(largest[static_cast<std::size_t>(b * 8 + column)], most, 1e-13);
    }
  }
}

TEST(StepEncoder, PositionsAreAddedOncePerStepAndExcessIsNamed) {
  StepPositions learned(PositionKind::learned, 3, 2, Generator(1), DType::f64);
  StepPositions sinusoidal(PositionKind::sinusoidal, 3, 2, Generator(1), DType::f64);
  StepPositions none(PositionKind::none, 3, 2, Generator(1), DType::f64);
  const Variable x(random({3, 2, 2}, 1));
  const auto added = [&](StepPositions& positions) {
    return subtract(positions(x), x).value().to_vector<double>();
  };
  const std::vector<double> table = learned.learned.value().to_vector<double>();
  const std::vector<double> waves = sinusoidal_positions(3, 2, DType::f64).to_vector<double>();
  const std::vector<double> from_table = added(learned);
  const std::vector<double> from_waves = added(sinusoidal);
  for (std::size_t i = 0; i < 12; ++i) {
    const std::size_t place = i / 4 * 2 + i % 2;
    EXPECT_NEAR(from_table[i], table[place], 1e-15);
    EXPECT_NEAR(from_waves[i], waves[place], 1e-15);
  }
  EXPECT_EQ(added(none), std::vector<double>(12, 0.0));
  EXPECT_EQ(sinusoidal(Variable(random({9, 1, 2}, 1))).shape(), (Shape{9, 1, 2}));
  try {
    learned(Variable(random({4, 1, 2}, 1)));
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("has 4 steps but there are learned positions for 3"),
              std::string::npos)
        << error.what();
  }
}

TEST(StepEncoder, WithoutPositionsATransformerReadsASet) {
  const ModelConfig config = attending_config(SequencePool::final, PositionKind::none);
  StepEncoder encoder(tiny_inputs()[2], config, Generator(1));
  CleanInput input{.values = random({3, 2, 3}, 1), .lengths = {}, .present = {}};
  const std::vector<double> forwards = encoder(input).final.value().to_vector<double>();
  input.values =
      concat({Variable(input.values.slice(0, 2, 3)), Variable(input.values.slice(0, 0, 2))}, 0)
          .value();
  expect_near(encoder(input).final.value().to_vector<double>(), forwards, 1e-14);
  const ModelConfig ordered = attending_config(SequencePool::final, PositionKind::sinusoidal);
  StepEncoder other(tiny_inputs()[2], ordered, Generator(1));
  EXPECT_GT(std::abs(other(input).final.value().to_vector<double>()[0] - forwards[0]), 1e-6);
}

TEST(StepEncoder, RegionsGoRowAfterRowAndTheirMeanIsTheSummary) {
  for (const ImageEncoderKind kind :
       {ImageEncoderKind::cnn, ImageEncoderKind::resnet, ImageEncoderKind::vit}) {
    ModelConfig config = convolving_config(SequencePool::attention);
    config.image.kind = kind;
    config.image.patch = 4;
    config.image.heads = 2;
    PictureRegions encoder(picture(8), config, Generator(1));
    const Tensor pictures = random({2, 3, 8, 8}, 3);
    const EncodedSteps steps = encoder(pictures);
    const std::int64_t regions = kind == ImageEncoderKind::resnet ? 16 : 4;
    ASSERT_EQ(steps.states.shape(), (Shape{regions, 2, encoder.width()})) << name_of(kind);
    EXPECT_FALSE(steps.lengths.defined());
    expect_near(steps.final.value().to_vector<double>(),
                mean(steps.states, {0}).value().to_vector<double>(), 1e-15);
  }
  // Region r of a map is its row r / cols, column r % cols.
  ModelConfig config = tiny_config();
  PictureRegions encoder(picture(8), config, Generator(1));
  const Tensor pictures = random({2, 3, 8, 8}, 3);
  const Tensor map = std::get<CnnMap>(encoder.encoder)(pictures).value();  // [2, 3, 2, 2]
  const std::vector<double> cells = map.to_vector<double>();
  const std::vector<double> states = encoder(pictures).states.value().to_vector<double>();
  for (std::size_t region = 0; region < 4; ++region) {
    for (std::size_t b = 0; b < 2; ++b) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        EXPECT_EQ(states[(region * 2 + b) * 3 + channel], cells[(b * 3 + channel) * 4 + region]);
      }
    }
  }
}

TEST(StepEncoder, PatchesAreSquaresOfThePicture) {
  ModelConfig config = attending_config(SequencePool::final, PositionKind::learned);
  VisionTransformer encoder(
      {2, 4, 6}, 4,
      [&] {
        ImageEncoderConfig image = config.image;
        image.patch = 2;
        return image;
      }(),
      Generator(1), DType::f64);
  const Tensor pictures = random({2, 2, 4, 6}, 3);
  const Tensor whole = encoder(pictures).states.value();
  ASSERT_EQ(whole.shape(), (Shape{6, 2, 4}));
  // The same patches laid out by hand: 2 rows of 3.
  Variables patches;
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t col = 0; col < 3; ++col) {
      const Tensor patch =
          pictures.slice(2, 2 * row, 2 * row + 2).slice(3, 2 * col, 2 * col + 2).contiguous();
      patches.push_back(Variable(patch.reshape({2, 8})));
    }
  }
  const Tensor expected = encoder.encoder(encoder.patches(stack(patches, 0)), {}).states.value();
  expect_near(whole.to_vector<double>(), expected.to_vector<double>(), 1e-14);
}

TEST(StepEncoder, GroupedResNetKeepsSamplesApartAndIsTheSameInTraining) {
  for (const SequencePool pool : {SequencePool::attention, SequencePool::final}) {
    ModelConfig config = convolving_config(pool);
    config.image.blocks = {2, 1};
    PictureEncoder encoder(picture(9), config, Generator(1));
    const Tensor pictures = random({3, 3, 9, 9}, 3);
    const Tensor whole = encoder(pictures).value();
    EXPECT_EQ(whole.shape(), (Shape{3, 4}));
    expect_near(encoder(pictures.slice(0, 1, 2)).value().to_vector<double>(),
                whole.slice(0, 1, 2).to_vector<double>(), 1e-14);
    set_training(encoder, false);
    EXPECT_TRUE(same_bits(encoder(pictures).value(), whole));
  }
}

TEST(StepEncoder, GridFeaturesAreProjectedRegionByRegion) {
  ModelConfig config = tiny_config();
  config.sequence.kind = SequenceEncoderKind::regions;
  StepEncoder encoder(tiny_inputs()[2], config, Generator(1));
  const CleanInput input{
      .values = random({5, 2, 3}, 4), .lengths = lengths_of({5, 2}), .present = {}};
  const EncodedSteps steps = encoder(input);
  const auto& inner = std::get<RegionEncoder>(encoder.encoder);
  const std::vector<double> weight = inner.linear.weight.value().to_vector<double>();
  const std::vector<double> x = input.values.to_vector<double>();
  const std::vector<double> states = steps.states.value().to_vector<double>();
  ASSERT_EQ(steps.states.shape(), (Shape{5, 2, 4}));
  for (std::size_t row = 0; row < 10; ++row) {
    for (std::size_t out = 0; out < 4; ++out) {
      double sum = 0.0;
      for (std::size_t in = 0; in < 3; ++in) {
        sum += weight[out * 3 + in] * x[row * 3 + in];
      }
      EXPECT_NEAR(states[row * 4 + out], sum, 1e-14);
    }
  }
  EXPECT_FALSE(steps.final.defined());
}

TEST(StepEncoder, EveryEncoderPassesGradcheck) {
  std::vector<ModelConfig> configs;
  for (const SequencePool pool : {SequencePool::attention, SequencePool::final}) {
    configs.push_back(convolving_config(pool));
    configs.push_back(attending_config(
        pool, pool == SequencePool::final ? PositionKind::learned : PositionKind::sinusoidal));
  }
  configs.front().sequence.kind = SequenceEncoderKind::regions;
  const InputSpec small{.name = "image", .kind = InputSpec::Kind::image, .shape = {1, 4, 4}};
  std::vector<InputSpec> inputs = tiny_inputs();
  ModelBatch batch = tiny_batch(DType::f64);
  inputs[1] = small;
  batch.inputs[1].values = random({2, 1, 4, 4}, 8);
  for (ModelConfig& config : configs) {
    config.image.patch = 2;
    for (std::size_t i = 0; i < 3; ++i) {
      StepEncoder encoder(inputs[i], config, Generator(5));
      const CleanInput input = clean_input(inputs[i], batch.inputs[i], DType::f64);
      const GradcheckResult result = check_parameters(encoder, [&]() -> Variables {
        const EncodedSteps steps = encoder(input);
        const Variable states = sum(square(zero_beyond(steps.states, steps.lengths)));
        return {steps.final.defined() ? states + sum(tanh(steps.final)) : states};
      });
      EXPECT_TRUE(result.passed) << inputs[i].name << ": " << result.message;
    }
  }
}

TEST(StepEncoder, WhatHasStepsAndWhatSumsThemUp) {
  ModelConfig config = tiny_config();
  const std::vector<InputSpec> inputs = tiny_inputs();
  EXPECT_TRUE(has_steps(inputs[0], config));
  EXPECT_TRUE(has_steps(inputs[1], config));
  EXPECT_TRUE(has_steps(inputs[2], config));
  EXPECT_FALSE(has_steps(inputs[3], config));
  EXPECT_THROW(StepEncoder(inputs[3], config, Generator(1)), InputError);
  config.image.kind = ImageEncoderKind::linear;
  EXPECT_FALSE(has_steps(inputs[1], config));
  EXPECT_THROW(StepEncoder(inputs[1], config, Generator(1)), InputError);
  EXPECT_THROW(PictureRegions(inputs[1], config, Generator(1)), InputError);
  for (const ModelConfig& each : tiny_configs()) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!has_steps(inputs[i], each)) {
        continue;
      }
      StepEncoder encoder(inputs[i], each, Generator(1));
      const ModelBatch batch = tiny_batch(DType::f64);
      const CleanInput clean = clean_input(inputs[i], batch.inputs[i], DType::f64);
      const EncodedSteps steps = encoder(clean);
      EXPECT_EQ(steps.final.defined(), has_final(inputs[i], each)) << inputs[i].name;
      EXPECT_EQ(steps.states.size(2), encoder.width());
      EXPECT_EQ(steps.states.size(1), 3);
    }
  }
}

}  // namespace
}  // namespace heddle
