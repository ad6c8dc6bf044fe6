#include "models/fusion_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/layers/parameter_check.h"
#include "tests/models/tiny_sentiment.h"

namespace heddle {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

ModelConfig fusion_config(FusionKind kind) {
  ModelConfig config = tiny_config();
  config.name = "fusion";
  config.fusion.kind = kind;
  config.fusion.width = 2;
  config.fusion.rank = 2;
  config.fusion.factors = 2;
  config.fusion.heads = 2;
  config.fusion.layers = 1;
  return config;
}

/// Every fusion that takes all four inputs of tiny_inputs().
std::vector<ModelConfig> fusion_configs() {
  std::vector<ModelConfig> configs;
  for (const FusionKind kind :
       {FusionKind::concat, FusionKind::attention, FusionKind::gated, FusionKind::tensor,
        FusionKind::low_rank, FusionKind::bilinear, FusionKind::co_attention,
        FusionKind::cross_modal, FusionKind::late}) {
    configs.push_back(fusion_config(kind));
  }
  configs.push_back(fusion_config(FusionKind::attention));
  configs.back().fusion.tokens = AttentionTokens::steps;
  configs.push_back(fusion_config(FusionKind::cross_modal));
  configs.back().fusion.pool = StatePool::last;
  configs.back().missing_vectors = true;
  return configs;
}

ModelBatch partial_batch(DType dtype = DType::f32) {
  ModelBatch batch = tiny_batch(dtype);
  batch.inputs[0].present = flags({true, false, true});
  batch.inputs[1].present = flags({false, true, true});
  batch.inputs[2].present = flags({true, true, false});
  batch.inputs[3].present = flags({false, false, false});
  return batch;
}

TEST(FusionModel, NothingBeyondALengthOrAbsentReachesResultsOrGradients) {
  for (const ModelConfig& config : fusion_configs()) {
    const std::unique_ptr<Model> model = build(config);
    const ModelBatch clean = partial_batch();
    ModelBatch dirty = clean;
    for (ModelInput& input : dirty.inputs) {
      input.values = input.values.clone();
    }
    dirty.inputs[0].values.select(1, 1).fill_(-77);                  // absent
    dirty.inputs[0].values.select(1, 2).slice(0, 3).fill_(1000000);  // beyond its length
    dirty.inputs[1].values.select(0, 0).fill_(not_a_number);
    dirty.inputs[2].values.select(1, 2).fill_(not_a_number);
    dirty.inputs[2].values.select(1, 1).slice(0, 3).fill_(not_a_number);
    dirty.inputs[3].values.fill_(not_a_number);
    EXPECT_EQ(results_of(*model, clean), results_of(*model, dirty)) << name_of(config.fusion.kind);
    const std::vector<double> gradients = gradients_of(*model, clean);
    EXPECT_EQ(gradients, gradients_of(*model, dirty)) << name_of(config.fusion.kind);
    EXPECT_TRUE(std::all_of(gradients.begin(), gradients.end(),
                            [](double value) { return std::isfinite(value); }));
  }
}

TEST(FusionModel, MorePaddingChangesNothing) {
  for (const ModelConfig& config : fusion_configs()) {
    const std::unique_ptr<Model> model = build(config);
    const ModelBatch batch = tiny_batch();
    ModelBatch longer = batch;
    longer.inputs[0].values = Tensor::zeros({9, 3}, DType::i64);
    longer.inputs[0].values.slice(0, 0, 4).copy_(batch.inputs[0].values);
    longer.inputs[2].values = Tensor::zeros({8, 3, 3});
    longer.inputs[2].values.slice(0, 0, 5).copy_(batch.inputs[2].values);
    expect_near(results_of(*model, longer), results_of(*model, batch), 1e-12);
  }
}

TEST(FusionModel, SamplesDoNotMix) {
  for (const ModelConfig& config : fusion_configs()) {
    const std::unique_ptr<Model> model = build(config);
    ModelBatch batch = tiny_batch();
    batch.inputs[2].present = flags({true, false, true});
    const Tensor whole = (*model)(batch).logits.value();
    ModelBatch alone = batch;  // sample 1 by itself
    alone.inputs[0] = {batch.inputs[0].values.slice(1, 1, 2).slice(0, 0, 2), {}, {}};
    alone.inputs[1].values = batch.inputs[1].values.slice(0, 1, 2);
    alone.inputs[2] = {batch.inputs[2].values.slice(1, 1, 2), {}, flags({false})};
    alone.inputs[3].values = batch.inputs[3].values.slice(0, 1, 2);
    expect_near((*model)(alone).logits.value().to_vector<double>(),
                whole.select(0, 1).to_vector<double>(), 1e-12);
  }
}

TEST(FusionModel, EveryModalityMatters) {
  for (const ModelConfig& config : fusion_configs()) {
    const std::unique_ptr<Model> model = build(config);
    const std::vector<double> all = results_of(*model, tiny_batch());
    for (std::size_t m = 0; m < 4; ++m) {
      ModelBatch without = tiny_batch();
      without.inputs[m].present = flags({false, true, true});
      const std::vector<double> found = results_of(*model, without);
      EXPECT_NE(found[0], all[0]) << name_of(config.fusion.kind) << ", input " << m;
      EXPECT_NEAR(found[2], all[2], 1e-12) << "another sample";
    }
  }
}

TEST(FusionModel, ASampleWithoutAnythingGetsFiniteResults) {
  for (const ModelConfig& config : fusion_configs()) {
    const std::unique_ptr<Model> model = build(config);
    ModelBatch batch = tiny_batch();
    for (ModelInput& input : batch.inputs) {
      input.present = flags({false, true, false});
    }
    for (const double value : results_of(*model, batch)) {
      EXPECT_TRUE(std::isfinite(value)) << name_of(config.fusion.kind);
    }
    for (const double value : gradients_of(*model, batch)) {
      EXPECT_TRUE(std::isfinite(value)) << name_of(config.fusion.kind);
    }
  }
}

TEST(FusionModel, WholeModelPassesGradcheck) {
  // The encoders' own gradients are checked elsewhere; features keep this small.
  const std::vector<InputSpec> inputs = {
      {.name = "text", .kind = InputSpec::Kind::sequence, .shape = {2}},
      {.name = "face", .kind = InputSpec::Kind::features, .shape = {3}},
      {.name = "voice", .kind = InputSpec::Kind::features, .shape = {2}}};
  Generator generator(9);
  const auto normal = [&](const Shape& shape) {
    return random_normal(shape, 0.0, 1.0, generator, DType::f64);
  };
  ModelBatch batch;
  batch.inputs.push_back(
      {normal({3, 3, 2}), Tensor::from<std::int64_t>({3, 1, 2}, {3}), flags({true, true, false})});
  batch.inputs.push_back({normal({3, 3}), {}, flags({true, false, true})});
  batch.inputs.push_back({normal({3, 2}), {}, {}});
  for (ModelConfig config : fusion_configs()) {
    config.hidden = 2;
    config.fusion.heads = 1;
    // Two modalities are enough for fusions of pairs of steps, whose weights are many.
    std::vector<InputSpec> used = inputs;
    ModelBatch fed = batch;
    if (reads_steps(config.fusion)) {
      used.pop_back();
      fed.inputs.pop_back();
    }
    const std::unique_ptr<Model> model = build_model(config, used, 2, true, Generator(3));
    const GradcheckResult result = check_parameters(*model, [&]() -> Variables {
      const ModelOutput output = (*model)(fed);
      return {cross_entropy(output.logits, Tensor::from<std::int64_t>({0, 1, 1}, {3})) +
              sum(square(output.score))};
    });
    EXPECT_TRUE(result.passed) << name_of(config.fusion.kind) << ": " << result.message;
  }
}

TEST(FusionModel, MemoryFusionPassesGradcheckOverAlignedSteps) {
  const std::vector<InputSpec> inputs = {
      {.name = "face", .kind = InputSpec::Kind::sequence, .shape = {2}},
      {.name = "voice", .kind = InputSpec::Kind::sequence, .shape = {2}}};
  Generator generator(9);
  ModelBatch batch;
  for (const bool second : {false, true}) {
    batch.inputs.push_back({random_normal({3, 2, 2}, 0.0, 1.0, generator, DType::f64),
                            Tensor::from<std::int64_t>({3, 2}, {2}),
                            second ? flags({true, false}) : Tensor()});
  }
  ModelConfig config = fusion_config(FusionKind::memory);
  config.hidden = 2;
  config.missing_vectors = true;
  const std::unique_ptr<Model> model = build_model(config, inputs, 2, false, Generator(3));
  const GradcheckResult result = check_parameters(*model, [&]() -> Variables {
    return {cross_entropy((*model)(batch).logits, Tensor::from<std::int64_t>({0, 1}, {2}))};
  });
  EXPECT_TRUE(result.passed) << result.message;
}

TEST(FusionModel, SaysWhatAFusionCannotTake) {
  const auto expect_error = [](const ModelConfig& config, const std::vector<InputSpec>& inputs,
                               const std::string& part) {
    try {
      static_cast<void>(build_model(config, inputs, 2, false, Generator(1)));
      ADD_FAILURE() << "no error with \"" << part << "\"";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  expect_error(fusion_config(FusionKind::memory), tiny_inputs(), "\"face\" has no steps");
  const std::vector<InputSpec> one = {tiny_inputs()[0]};
  for (const FusionKind kind :
       {FusionKind::bilinear, FusionKind::co_attention, FusionKind::cross_modal}) {
    expect_error(fusion_config(kind), one, "expected at least two");
  }
  ModelConfig config = fusion_config(FusionKind::cross_modal);
  config.fusion.heads = 3;
  expect_error(config, tiny_inputs(), "multiple of the heads");
  config = fusion_config(FusionKind::tensor);
  config.fusion.width = 0;
  expect_error(config, tiny_inputs(), "fusion.width is 0");
}

TEST(FusionModel, EveryKindHasANameAndParametersOfItsOwn) {
  for (const std::string& name : fusion_kind_names()) {
    EXPECT_EQ(name_of(fusion_kind_named(name)), name);
  }
  EXPECT_THROW(fusion_kind_named("glue"), InputError);
  for (const ModelConfig& config : fusion_configs()) {
    std::set<std::string> names;
    const std::vector<NamedParameter> parameters = parameters_of(*build(config));
    for (const NamedParameter& parameter : parameters) {
      names.insert(parameter.name);
    }
    EXPECT_EQ(names.size(), parameters.size()) << name_of(config.fusion.kind);
  }
}

}  // namespace
}  // namespace heddle
