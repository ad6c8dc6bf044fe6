#include "models/contextual.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "models/build.h"
#include "tests/layers/parameter_check.h"
#include "tests/models/tiny_batch.h"

namespace heddle {
namespace {

ModelConfig tiny_config() {
  ModelConfig config;
  config.name = "contextual";
  config.hidden = 3;
  config.contextual.projection = 2;
  config.contextual.dense = 4;
  config.dtype = DType::f64;
  return config;
}

std::unique_ptr<Model> build(const ModelConfig& config) {
  return build_model(config, tiny_group_inputs(), 2, true, Generator(5));
}

TEST(Contextual, ParametersAndOutputsAreAsDocumented) {
  const std::unique_ptr<Model> model = build(tiny_config());
  EXPECT_TRUE(model->takes_groups());
  std::vector<std::string> found;
  for (const NamedParameter& parameter : parameters_of(*model)) {
    found.push_back(concat(parameter.name, " ", parameter.variable.shape()));
  }
  EXPECT_EQ(found, (std::vector<std::string>{
                       "text.projection.weight [2, 4]", "text.projection.bias [2]",
                       "audio.projection.weight [2, 3]", "audio.projection.bias [2]",
                       "lstm.0.weight_input [2, 12, 4]", "lstm.0.weight_hidden [2, 12, 3]",
                       "lstm.0.bias [2, 12]", "dense.weight [4, 6]", "dense.bias [4]",
                       "classifier.logits.weight [2, 4]", "classifier.logits.bias [2]",
                       "classifier.score.weight [1, 4]", "classifier.score.bias [1]"}));
  const ModelOutput output = (*model)(tiny_groups());
  EXPECT_EQ(output.logits.shape(), (Shape{4, 2, 2}));
  EXPECT_EQ(output.score.shape(), (Shape{4, 2}));
}

TEST(Contextual, WithoutProjectionAndDenseLayerTheLstmIsBetween) {
  ModelConfig config = tiny_config();
  config.contextual.projection = 0;
  config.contextual.dense = 0;
  const std::unique_ptr<Model> model = build(config);
  const std::vector<NamedParameter> parameters = parameters_of(*model);
  EXPECT_EQ(parameters[0].name, "lstm.0.weight_input");
  EXPECT_EQ(parameters[0].variable.shape(), (Shape{2, 12, 7}));
  EXPECT_EQ((*model)(tiny_groups()).logits.shape(), (Shape{4, 2, 2}));
}

TEST(Contextual, PaddingAndOtherVideosDoNotMatter) {
  for (const std::int64_t projection : {0, 2}) {
    ModelConfig config = tiny_config();
    config.contextual.projection = projection;
    const std::unique_ptr<Model> model = build(config);
    const ModelBatch batch = tiny_groups();
    ModelBatch alone;  // the second video by itself, without padding
    ModelBatch dirty = batch;
    for (std::size_t i = 0; i < 2; ++i) {
      alone.inputs.push_back({batch.inputs[i].values.slice(0, 0, 2).slice(1, 1, 2), {}, {}});
      dirty.inputs[i].values = batch.inputs[i].values.clone();
      dirty.inputs[i].values.select(1, 1).slice(0, 2).fill_(
          std::numeric_limits<double>::quiet_NaN());
    }
    const Tensor whole = (*model)(batch).logits.value().select(1, 1).slice(0, 0, 2);
    const std::vector<double> expected = whole.to_vector<double>();
    const std::vector<double> found = (*model)(alone).logits.value().to_vector<double>();
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], 1e-14);
    }
    Tape tape;
    const Tensor seen = (*model)(dirty).logits.value();
    EXPECT_TRUE(same_bits(seen.select(1, 1).slice(0, 0, 2).contiguous(), whole.contiguous()));
    tape.backward(sum((*model)(dirty).logits));
    for (const NamedParameter& parameter : parameters_of(*model)) {
      if (parameter.variable.grad().defined()) {
        for (const double value : parameter.variable.grad().value().to_vector<double>()) {
          EXPECT_EQ(value, value) << parameter.name;
        }
      }
    }
  }
}

TEST(Contextual, EarlierAndLaterUtterancesMatter) {
  const std::unique_ptr<Model> model = build(tiny_config());
  const ModelBatch batch = tiny_groups();
  const std::vector<double> before =
      (*model)(batch).logits.value().select(0, 1).select(0, 0).to_vector<double>();
  for (const std::int64_t changed : {0, 3}) {
    ModelBatch other = batch;
    other.inputs[0].values = batch.inputs[0].values.clone();
    other.inputs[0].values.select(0, changed).select(0, 0).fill_(2.0);
    EXPECT_NE((*model)(other).logits.value().select(0, 1).select(0, 0).to_vector<double>(), before);
  }
}

TEST(Contextual, AbsentModalitiesAreReplacedPerVideoOrPerUtterance) {
  for (const std::int64_t projection : {0, 2}) {
    ModelConfig config = tiny_config();
    config.contextual.projection = projection;
    config.missing_vectors = true;
    const std::unique_ptr<Model> model = build(config);
    ModelBatch per_video = tiny_groups();
    per_video.inputs[1].present = Tensor::from<bool>({false, true}, {2});
    ModelBatch per_utterance = per_video;
    per_utterance.inputs[1].present =
        Tensor::from<bool>({false, true, false, true, false, true, false, true}, {4, 2});
    ModelBatch dirty = per_video;
    dirty.inputs[1].values = per_video.inputs[1].values.clone();
    dirty.inputs[1].values.select(1, 0).fill_(std::numeric_limits<double>::quiet_NaN());
    const Tensor expected = (*model)(per_video).logits.value();
    EXPECT_TRUE(same_bits((*model)(per_utterance).logits.value(), expected));
    EXPECT_TRUE(same_bits((*model)(dirty).logits.value(), expected));
    EXPECT_FALSE(same_bits((*model)(tiny_groups()).logits.value(), expected));
  }
}

TEST(Contextual, WholeModelPassesGradcheck) {
  ModelConfig config = tiny_config();
  config.missing_vectors = true;
  const std::unique_ptr<Model> model = build(config);
  ModelBatch batch = tiny_groups(DType::f64);
  batch.inputs[0].present = Tensor::from<bool>({true, false}, {2});
  const Tensor labels = Tensor::from<std::int64_t>({0, 1, 1, 0, 1, -1, 0, -1}, {4, 2});
  const GradcheckResult result = check_parameters(*model, [&]() -> Variables {
    const ModelOutput output = (*model)(batch);
    return {cross_entropy(output.logits, labels, {}, {.label_smoothing = 0.1, .ignore_index = -1}),
            output.score};
  });
  EXPECT_TRUE(result.passed) << result.message;
}

TEST(Contextual, DropoutOnFeaturesStatesAndDenseLayer) {
  for (double ContextualConfig::*rate :
       {&ContextualConfig::input_dropout, &ContextualConfig::dropout,
        &ContextualConfig::dense_dropout}) {
    ModelConfig config = tiny_config();
    config.contextual.*rate = 0.5;
    const std::unique_ptr<Model> model = build(config);
    const ModelBatch batch = tiny_groups();
    EXPECT_FALSE(same_bits((*model)(batch).logits.value(), (*model)(batch).logits.value()));
    set_training(*model, false);
    EXPECT_TRUE(same_bits((*model)(batch).logits.value(), (*model)(batch).logits.value()));
  }
}

}  // namespace
}  // namespace heddle
