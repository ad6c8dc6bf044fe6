#include "models/sentiment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/layers/parameter_check.h"
#include "tests/models/tiny_sentiment.h"

namespace heddle {
namespace {

TEST(Sentiment, DocumentLayoutHasExactlyTheDocumentsParameters) {
  ModelConfig config;
  config.hidden = 128;
  config.tokens.embedding = 100;
  const std::vector<InputSpec> inputs = {
      {.name = "text", .kind = InputSpec::Kind::tokens, .shape = {}, .vocabulary = 5000},
      {.name = "image", .kind = InputSpec::Kind::features, .shape = {2048}}};
  const std::unique_ptr<Model> model = build_model(config, inputs, 2, false, Generator(1));
  std::vector<std::string> found;
  for (const NamedParameter& parameter : parameters_of(*model)) {
    found.push_back(concat(parameter.name, " ", parameter.variable.shape()));
  }
  EXPECT_EQ(found,
            (std::vector<std::string>{
                "text.embedding.weight [5000, 100]", "text.lstm.0.weight_input [2, 512, 100]",
                "text.lstm.0.weight_hidden [2, 512, 128]", "text.lstm.0.bias [2, 512]",
                "image.linear.weight [128, 2048]", "image.linear.bias [128]",
                "fusion.linear.weight [128, 384]", "fusion.linear.bias [128]",
                "fusion.attention.weight [128]", "classifier.logits.weight [2, 128]",
                "classifier.logits.bias [2]"}));
}

TEST(Sentiment, OutputsHaveTheDocumentedShapes) {
  for (const ModelConfig& config : tiny_configs()) {
    const std::unique_ptr<Model> model = build(config);
    const ModelOutput output = (*model)(tiny_batch());
    EXPECT_EQ(output.logits.shape(), (Shape{3, 2}));
    EXPECT_EQ(output.score.shape(), (Shape{3}));
    const bool over_time = config.pool == SequencePool::attention;
    ASSERT_EQ(output.time_weights.defined(), over_time);
    ASSERT_EQ(output.modality_weights.defined(), !over_time);
    ASSERT_EQ(output.time_input.has_value(), over_time);
    if (over_time) {
      const std::string& attended = model->inputs()[*output.time_input].name;
      EXPECT_EQ(attended, config.time_modality.empty() ? "text" : config.time_modality);
    }
    const Tensor weights = over_time ? output.time_weights : output.modality_weights;
    // 4 words, modalities, or 2 × 2 regions; 5 frames.
    const std::int64_t steps = over_time && config.time_modality == "audio" ? 5 : 4;
    EXPECT_EQ(weights.shape(), (Shape{steps, 3}));
    const std::vector<double> sums = sum(Variable(weights), {0}).value().to_vector<double>();
    expect_near(sums, {1.0, 1.0, 1.0}, 1e-12);
  }
}

TEST(Sentiment, ATokenOutsideTheVocabularyIsNamedBeforeItReachesADevice) {
  const std::unique_ptr<Model> model = build(tiny_configs().front());
  ModelBatch batch = tiny_batch();
  batch.inputs[0].values.mutable_data<std::int64_t>()[4] = 9;
  try {
    static_cast<void>(model->clean(batch));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "input \"text\": token 9 in step 1 of sample 1; expected 0 … 8");
  }
}

TEST(Sentiment, EveryParameterReceivesAGradient) {
  for (const ModelConfig& config : tiny_configs()) {
    const std::unique_ptr<Model> model = build(config);
    ModelBatch batch = tiny_batch();
    for (ModelInput& input : batch.inputs) {
      input.present = flags({true, false, true});
    }
    Tape tape;
    const ModelOutput output = (*model)(batch);
    tape.backward(sum(square(output.logits)) + sum(square(output.score)));
    for (const NamedParameter& parameter : parameters_of(*model)) {
      ASSERT_TRUE(parameter.variable.grad().defined()) << parameter.name;
      const std::vector<double> values = parameter.variable.grad().value().to_vector<double>();
      EXPECT_TRUE(std::any_of(values.begin(), values.end(), [](double v) { return v != 0.0; }))
          << parameter.name;
    }
  }
}

// The other encoders' gradients are checked by themselves (step_encoder_test.cpp).
TEST(Sentiment, WholeModelPassesGradcheck) {
  for (const ModelConfig& config : tiny_lstm_configs()) {
    const std::unique_ptr<Model> model = build(config);
    ModelBatch batch = tiny_batch(DType::f64);
    batch.inputs[0].present = flags({true, true, false});
    batch.inputs[2].present = flags({false, true, true});
    const GradcheckResult result = check_parameters(*model, [&]() -> Variables {
      const ModelOutput output = (*model)(batch);
      return {cross_entropy(output.logits, Tensor::from<std::int64_t>({0, 1, 1}, {3})) +
              sum(square(output.score))};
    });
    EXPECT_TRUE(result.passed) << result.message;
  }
}

TEST(Sentiment, DropoutActsOnlyWhileTrainingAndItsStreamIsVisited) {
  ModelConfig config = tiny_config();
  config.dropout = 0.5;
  config.tokens.dropout = 0.3;
  config.image.dropout = 0.3;
  config.features.dropout = 0.3;
  config.sequence.dropout = 0.3;
  const std::unique_ptr<Model> model = build(config);
  const ModelBatch batch = tiny_batch();
  EXPECT_NE(results_of(*model, batch), results_of(*model, batch));
  set_training(*model, false);
  EXPECT_EQ(results_of(*model, batch), results_of(*model, batch));
  std::set<std::string> names;
  std::set<std::uint64_t> streams;
  for (const NamedGenerator& generator : generators_of(*model)) {
    names.insert(generator.name);
    streams.insert(generator.generator->state().stream);
  }
  EXPECT_EQ(names.size(), 7u);
  EXPECT_EQ(streams.size(), names.size()) << "each dropout draws from a stream of its own";
}

TEST(Sentiment, EveryEncodersDropoutIsVisitedOnceUnderANameOfItsOwn) {
  for (ModelConfig config :
       {convolving_config(SequencePool::attention), convolving_config(SequencePool::final),
        attending_config(SequencePool::attention, PositionKind::sinusoidal),
        attending_config(SequencePool::final, PositionKind::learned)}) {
    config.tokens.dropout = 0.3;
    config.image.dropout = 0.3;
    config.sequence.dropout = 0.3;
    const std::unique_ptr<Model> model = build(config);
    std::set<std::string> names;
    std::set<std::uint64_t> streams;
    const std::vector<NamedGenerator> generators = generators_of(*model);
    for (const NamedGenerator& generator : generators) {
      names.insert(generator.name);
      streams.insert(generator.generator->state().stream);
    }
    EXPECT_EQ(names.size(), generators.size());
    EXPECT_EQ(streams.size(), generators.size()) << "each dropout draws from a stream of its own";
    std::set<std::string> parameters;
    for (const NamedParameter& parameter : parameters_of(*model)) {
      EXPECT_TRUE(parameters.insert(parameter.name).second) << parameter.name << " twice";
    }
    const ModelBatch batch = tiny_batch();
    EXPECT_NE(results_of(*model, batch), results_of(*model, batch));
    set_training(*model, false);
    EXPECT_EQ(results_of(*model, batch), results_of(*model, batch));
  }
}

TEST(Sentiment, SameSeedSameParameters) {
  const std::unique_ptr<Model> first = build(tiny_config(DType::f32));
  const std::unique_ptr<Model> second = build(tiny_config(DType::f32));
  const std::vector<NamedParameter> a = parameters_of(*first);
  const std::vector<NamedParameter> b = parameters_of(*second);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_TRUE(same_bits(a[i].variable.value(), b[i].variable.value())) << a[i].name;
  }
}

TEST(Sentiment, OneModalityAloneIsEnough) {
  for (std::size_t kept = 0; kept < 4; ++kept) {
    const InputSpec spec = tiny_inputs()[kept];
    for (const SequencePool pool : {SequencePool::attention, SequencePool::final}) {
      ModelConfig config = tiny_config();
      config.pool = pool;
      const std::unique_ptr<Model> model = build_model(config, {spec}, 3, false, Generator(1));
      ModelBatch batch;
      batch.inputs = {tiny_batch().inputs[kept]};
      const ModelOutput output = (*model)(batch);
      EXPECT_EQ(output.logits.shape(), (Shape{3, 3})) << spec.name;
      EXPECT_FALSE(output.score.defined());
    }
  }
}

TEST(Sentiment, SaysWhatIsWrongWithABatch) {
  const std::unique_ptr<Model> model = build(tiny_config());
  const auto expect_error = [&](const ModelBatch& batch, const std::string& part) {
    try {
      (*model)(batch);
      ADD_FAILURE() << "no error with \"" << part << "\"";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  ModelBatch batch = tiny_batch();
  batch.inputs.pop_back();
  expect_error(batch, "3 inputs; expected 4");
  batch = tiny_batch();
  batch.inputs[3].values = Tensor::zeros({3, 5});
  expect_error(batch, "\"face\": values are [3, 5]");
  batch = tiny_batch();
  batch.inputs[0].values = Tensor::zeros({4, 3});
  expect_error(batch, "expected i64");
  batch = tiny_batch();
  batch.inputs[0].lengths = Tensor::from<std::int64_t>({4, 5, 3}, {3});
  expect_error(batch, "a length is 5; expected 0 … 4");
  batch = tiny_batch();
  batch.inputs[1].present = flags({true, false});
  expect_error(batch, "expected bool [3]");
  batch = tiny_batch();
  batch.inputs[3].values = Tensor::zeros({2, 4});
  expect_error(batch, "\"face\" has 2 samples but \"text\" has 3");
  batch = tiny_batch();
  batch.inputs[0].values.fill_(9);
  EXPECT_THROW((*model)(batch), Error);
}

}  // namespace
}  // namespace heddle
