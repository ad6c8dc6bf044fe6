#include "models/build.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/error.h"
#include "tests/models/tiny_batch.h"

namespace heddle {
namespace {

void expect_refused(const std::function<void(ModelConfig&, std::vector<InputSpec>&)>& change,
                    const std::string& part) {
  ModelConfig config;
  std::vector<InputSpec> inputs = tiny_inputs();
  change(config, inputs);
  try {
    build_model(config, inputs, 2, false, Generator(1));
    ADD_FAILURE() << "no error with \"" << part << "\"";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

using Config = ModelConfig;
using Inputs = std::vector<InputSpec>;

TEST(Build, RefusesOptionsOutOfRangeByName) {
  expect_refused([](Config& config, Inputs&) { config.name = "sentimental"; }, "\"sentimental\"");
  expect_refused([](Config& config, Inputs&) { config.hidden = 0; }, "hidden is 0");
  expect_refused([](Config& config, Inputs&) { config.hidden = std::int64_t{1} << 40; },
                 "hidden is 1099511627776");
  expect_refused([](Config& config, Inputs&) { config.dropout = 1.0; }, "dropout is 1");
  expect_refused([](Config& config, Inputs&) { config.image.channels = {}; }, "image.channels");
  expect_refused([](Config& config, Inputs&) { config.sequence.kernel = 4; }, "odd");
  expect_refused([](Config& config, Inputs&) { config.time_modality = "video"; }, "\"video\"");
  expect_refused([](Config& config, Inputs&) { config.time_modality = "face"; }, "no steps");
  expect_refused(
      [](Config& config, Inputs&) {
        config.time_modality = "image";
        config.image.kind = ImageEncoderKind::linear;
      },
      "no steps");
  expect_refused(
      [](Config& config, Inputs&) {
        config.time_modality = "audio";
        config.pool = SequencePool::final;
        config.sequence.kind = SequenceEncoderKind::conv;
      },
      "no final states");
}

TEST(Build, RefusesEncodersThatDoNotFit) {
  expect_refused(
      [](Config& config, Inputs&) {
        config.tokens.kind = TokenEncoderKind::transformer;
        config.tokens.layers = 0;
      },
      "tokens.layers");
  expect_refused([](Config& config, Inputs&) { config.tokens.widths = {3, 3}; }, "3 twice");
  expect_refused(
      [](Config& config, Inputs&) {
        config.tokens.kind = TokenEncoderKind::transformer;
        config.tokens.transformer.heads = 5;
      },
      "tokens.heads is 5 for a Transformer of width 64");
  expect_refused(
      [](Config& config, Inputs&) {
        config.sequence.kind = SequenceEncoderKind::transformer;
        config.sequence.hidden = 6;
      },
      "sequence.heads is 4 for a Transformer of width 6");
  expect_refused(
      [](Config& config, Inputs&) {
        config.image.kind = ImageEncoderKind::vit;
        config.image.patch = 3;
      },
      "image.patch is 3 but a picture is [3, 8, 8]");
  expect_refused(
      [](Config& config, Inputs&) {
        config.image.kind = ImageEncoderKind::resnet;
        config.image.groups = 5;
      },
      "image.groups is 5 but a stage has 12 channels");
  expect_refused(
      [](Config& config, Inputs&) {
        config.image.kind = ImageEncoderKind::resnet;
        config.image.blocks = {1, 2};
      },
      "image.blocks has 2 entries but image.channels 3");
  expect_refused(
      [](Config& config, Inputs&) {
        config.sequence.kind = SequenceEncoderKind::regions;
        config.sequence.pool = SequencePool::final;
      },
      "no order");
}

TEST(Build, RefusesInputsItCannotTake) {
  expect_refused([](Config&, Inputs& inputs) { inputs.clear(); }, "no inputs");
  expect_refused([](Config&, Inputs& inputs) { inputs[1].name = "text"; }, "two inputs");
  expect_refused([](Config&, Inputs& inputs) { inputs[1].name = "fusion"; }, "\"fusion\"");
  expect_refused([](Config&, Inputs& inputs) { inputs[1].name = "a.b"; }, "without dots");
  expect_refused([](Config&, Inputs& inputs) { inputs[1].shape = {8, 8}; }, "[C, H, W]");
  expect_refused([](Config&, Inputs& inputs) { inputs[3].shape = {0}; }, "above 0");
  expect_refused([](Config&, Inputs& inputs) { inputs[0].vocabulary = 0; }, "vocabulary");
  expect_refused([](Config& config, Inputs&) { config.name = "contextual"; },
                 "not of kind features");
}

TEST(Build, RefusesAModelThatPredictsNothing) {
  EXPECT_THROW(build_model({}, tiny_inputs(), 0, false, Generator(1)), InputError);
  EXPECT_NO_THROW(build_model({}, tiny_inputs(), 0, true, Generator(1)));
}

TEST(Build, NamesOfOptionsGoBothWays) {
  for (const SequencePool pool : {SequencePool::attention, SequencePool::final}) {
    EXPECT_EQ(sequence_pool_named(name_of(pool)), pool);
  }
  for (const TokenEncoderKind kind :
       {TokenEncoderKind::lstm, TokenEncoderKind::cnn, TokenEncoderKind::transformer}) {
    EXPECT_EQ(token_encoder_named(name_of(kind)), kind);
  }
  for (const ImageEncoderKind kind : {ImageEncoderKind::cnn, ImageEncoderKind::linear,
                                      ImageEncoderKind::resnet, ImageEncoderKind::vit}) {
    EXPECT_EQ(image_encoder_named(name_of(kind)), kind);
  }
  for (const SequenceEncoderKind kind :
       {SequenceEncoderKind::lstm, SequenceEncoderKind::conv, SequenceEncoderKind::transformer,
        SequenceEncoderKind::conv_lstm, SequenceEncoderKind::regions}) {
    EXPECT_EQ(sequence_encoder_named(name_of(kind)), kind);
  }
  for (const PositionKind kind :
       {PositionKind::sinusoidal, PositionKind::learned, PositionKind::none}) {
    EXPECT_EQ(position_kind_named(name_of(kind)), kind);
  }
  EXPECT_THROW(sequence_pool_named("mean"), InputError);
}

}  // namespace
}  // namespace heddle
