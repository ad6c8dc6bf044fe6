#include "models/contextual_fusion.h"

#include <gtest/gtest.h>

#include <cmath>
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

/// Every fusion, in each place it can have.
std::vector<ModelConfig> contextual_configs() {
  std::vector<ModelConfig> configs;
  for (const std::string& name : fusion_kind_names()) {
    for (const FusionPlace place : {FusionPlace::features, FusionPlace::states}) {
      if (name == "late" && place == FusionPlace::features) {
        continue;
      }
      ModelConfig config;
      config.name = "contextual";
      config.hidden = 2;
      config.contextual.projection = 2;
      config.contextual.dense = 3;
      config.contextual.fusion = fusion_kind_named(name);
      config.contextual.fuse = place;
      config.fusion.width = 2;
      config.fusion.rank = 2;
      config.fusion.factors = 2;
      config.fusion.heads = 2;
      config.fusion.layers = 1;
      config.dtype = DType::f64;
      configs.push_back(config);
    }
  }
  return configs;
}

std::string named(const ModelConfig& config) {
  return concat(name_of(*config.contextual.fusion),
                config.contextual.fuse == FusionPlace::states ? " of states" : " of features");
}

std::unique_ptr<Model> build(const ModelConfig& config) {
  return build_model(config, tiny_group_inputs(), 2, true, Generator(5));
}

TEST(ContextualFusion, PaddingOtherVideosAndAbsentUtterancesDoNotMatter) {
  for (const ModelConfig& config : contextual_configs()) {
    const std::unique_ptr<Model> model = build(config);
    ModelBatch batch = tiny_groups();
    // The second utterance of the second video has no sound.
    batch.inputs[1].present =
        Tensor::from<bool>({true, true, true, false, true, true, true, true}, {4, 2});
    ModelBatch alone;  // the second video by itself, without padding
    for (const ModelInput& input : batch.inputs) {
      alone.inputs.push_back({input.values.slice(0, 0, 2).slice(1, 1, 2), {}, {}});
    }
    alone.inputs[1].present = Tensor::from<bool>({true, false}, {2, 1});
    ModelBatch dirty = batch;
    for (ModelInput& input : dirty.inputs) {
      input.values = input.values.clone();
      input.values.select(1, 1).slice(0, 2).fill_(std::numeric_limits<double>::quiet_NaN());
    }
    dirty.inputs[1].values.select(1, 1).select(0, 1).fill_(
        std::numeric_limits<double>::quiet_NaN());
    const auto second_video = [](const Tensor& logits) {
      return logits.select(1, logits.size(1) - 1).slice(0, 0, 2).to_vector<double>();
    };
    const std::vector<double> expected = second_video((*model)(batch).logits.value());
    const std::vector<double> found = second_video((*model)(alone).logits.value());
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], 1e-13) << named(config);
    }
    Tape tape;
    const Variable logits = (*model)(dirty).logits;
    EXPECT_EQ(second_video(logits.value()), expected) << named(config);
    tape.backward(sum(square(logits)));
    for (const NamedParameter& parameter : parameters_of(*model)) {
      if (parameter.variable.grad().defined()) {
        for (const double value : parameter.variable.grad().value().to_vector<double>()) {
          EXPECT_TRUE(std::isfinite(value)) << named(config) << ": " << parameter.name;
        }
      }
    }
  }
}

TEST(ContextualFusion, WholeModelPassesGradcheck) {
  for (ModelConfig config : contextual_configs()) {
    config.fusion.heads = 1;
    const std::unique_ptr<Model> model = build(config);
    ModelBatch batch = tiny_groups(DType::f64);
    batch.inputs[0].present = Tensor::from<bool>({true, false}, {2});
    const Tensor labels = Tensor::from<std::int64_t>({0, 1, 1, 0, 1, -1, 0, -1}, {4, 2});
    const GradcheckResult result = check_parameters(*model, [&]() -> Variables {
      const ModelOutput output = (*model)(batch);
      return {
          cross_entropy(output.logits, labels, {}, {.label_smoothing = 0.1, .ignore_index = -1})};
    });
    EXPECT_TRUE(result.passed) << named(config) << ": " << result.message;
  }
}

TEST(ContextualFusion, UtterancesOfAVideoAreStepsToFusionsThatReadSteps) {
  for (const ModelConfig& config : contextual_configs()) {
    if (config.contextual.fuse == FusionPlace::features) {
      continue;
    }
    const std::unique_ptr<Model> model = build(config);
    ModelBatch other = tiny_groups();
    other.inputs[0].values = other.inputs[0].values.clone();
    other.inputs[0].values.select(0, 2).select(0, 0).fill_(2.0);
    const auto first_utterance = [&](const ModelBatch& batch) {
      return (*model)(batch).logits.value().select(0, 3).select(0, 0).to_vector<double>();
    };
    EXPECT_NE(first_utterance(tiny_groups()), first_utterance(other)) << named(config);
  }
}

TEST(ContextualFusion, LateFusionOfFeaturesIsRefused) {
  ModelConfig config = contextual_configs().back();
  config.contextual.fuse = FusionPlace::features;
  EXPECT_THROW(build(config), InputError);
}

}  // namespace
}  // namespace heddle
