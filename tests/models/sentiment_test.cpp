#include "models/sentiment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "models/build.h"
#include "tests/layers/parameter_check.h"
#include "tests/models/tiny_batch.h"

namespace heddle {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

ModelConfig tiny_config(DType dtype = DType::f64) {
  ModelConfig config;
  config.hidden = 4;
  config.tokens.embedding = 3;
  config.image.channels = {2, 3};
  config.sequence.channels = {3, 4};
  config.sequence.kernel = 3;
  config.dtype = dtype;
  return config;
}

/// Every shape the model can take: both readings, both audio encoders, with missing vectors.
std::vector<ModelConfig> tiny_configs() {
  std::vector<ModelConfig> configs;
  for (const SequencePool pool : {SequencePool::attention, SequencePool::final}) {
    for (const SequenceEncoderKind kind : {SequenceEncoderKind::lstm, SequenceEncoderKind::conv}) {
      ModelConfig config = tiny_config();
      config.pool = pool;
      config.sequence.kind = kind;
      config.missing_vectors = true;
      configs.push_back(config);
    }
  }
  ModelConfig audio_over_time = tiny_config();
  audio_over_time.time_modality = "audio";
  audio_over_time.missing_vectors = true;
  configs.push_back(audio_over_time);
  ModelConfig nothing_learned = tiny_config();
  nothing_learned.image.kind = ImageEncoderKind::linear;
  configs.push_back(nothing_learned);
  return configs;
}

std::unique_ptr<Model> build(const ModelConfig& config) {
  std::unique_ptr<Model> model = build_model(config, tiny_inputs(), 2, true, Generator(3));
  // The missing vectors start at 0: other values show that they are used.
  Generator generator(4);
  for (NamedParameter& parameter : parameters_of(*model)) {
    if (parameter.name.ends_with("missing")) {
      parameter.variable.set_value(
          random_normal(parameter.variable.shape(), 0.0, 1.0, generator, config.dtype));
    }
  }
  return model;
}

std::vector<double> results_of(Model& model, const ModelBatch& batch) {
  const ModelOutput output = model(batch);
  std::vector<double> results = output.logits.value().to_vector<double>();
  for (const double score : output.score.value().to_vector<double>()) {
    results.push_back(score);
  }
  return results;
}

/// Gradients of a loss of all outputs, all parameters side by side.
std::vector<double> gradients_of(Model& model, const ModelBatch& batch) {
  Tape tape;
  const ModelOutput output = model(batch);
  tape.backward(sum(square(output.logits)) + sum(square(output.score)));
  std::vector<double> all;
  for (NamedParameter& parameter : parameters_of(model)) {
    if (parameter.variable.grad().defined()) {
      for (const double value : parameter.variable.grad().value().to_vector<double>()) {
        all.push_back(value);
      }
    }
    parameter.variable.clear_grad();
  }
  return all;
}

void expect_near(const std::vector<double>& left, const std::vector<double>& right,
                 double tolerance) {
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    EXPECT_NEAR(left[i], right[i], tolerance) << "element " << i;
  }
}

Tensor flags(std::initializer_list<bool> values) {
  return Tensor::from<bool>(values, {static_cast<std::int64_t>(values.size())});
}

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
    const Tensor weights = over_time ? output.time_weights : output.modality_weights;
    const std::int64_t steps = !over_time || config.time_modality.empty() ? 4 : 5;
    EXPECT_EQ(weights.shape(), (Shape{steps, 3}));
    const std::vector<double> sums = sum(Variable(weights), {0}).value().to_vector<double>();
    expect_near(sums, {1.0, 1.0, 1.0}, 1e-12);
  }
}

TEST(Sentiment, NothingBeyondALengthOrAbsentReachesResultsOrGradients) {
  for (const ModelConfig& config : tiny_configs()) {
    const std::unique_ptr<Model> model = build(config);
    ModelBatch clean = tiny_batch();
    clean.inputs[0].present = flags({true, false, true});
    clean.inputs[1].present = flags({false, true, true});
    clean.inputs[2].present = flags({true, true, false});
    clean.inputs[3].present = flags({false, false, false});
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
    dirty.inputs[2].lengths = Tensor::from<std::int64_t>({5, 3, 4}, {3});
    EXPECT_EQ(results_of(*model, clean), results_of(*model, dirty));
    const std::vector<double> gradients = gradients_of(*model, clean);
    EXPECT_EQ(gradients, gradients_of(*model, dirty));
    EXPECT_TRUE(std::all_of(gradients.begin(), gradients.end(),
                            [](double value) { return std::isfinite(value); }));
  }
}

TEST(Sentiment, MorePaddingChangesNothing) {
  for (const ModelConfig& config : tiny_configs()) {
    const std::unique_ptr<Model> model = build(config);
    const ModelBatch batch = tiny_batch();
    ModelBatch longer = batch;
    longer.inputs[0].values = Tensor::zeros({9, 3}, DType::i64);
    longer.inputs[0].values.slice(0, 0, 4).copy_(batch.inputs[0].values);
    longer.inputs[2].values = Tensor::zeros({8, 3, 3});
    longer.inputs[2].values.slice(0, 0, 5).copy_(batch.inputs[2].values);
    expect_near(results_of(*model, longer), results_of(*model, batch), 1e-13);
  }
}

TEST(Sentiment, SamplesDoNotMix) {
  for (const ModelConfig& config : tiny_configs()) {
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
                whole.select(0, 1).to_vector<double>(), 1e-13);
  }
}

TEST(Sentiment, MissingIsNotTheSameAsZeroInput) {
  ModelConfig config = tiny_config();
  config.missing_vectors = true;
  const std::unique_ptr<Model> model = build(config);
  ModelBatch zero = tiny_batch();
  zero.inputs[3].values = Tensor::zeros({3, 4});
  ModelBatch missing = zero;
  missing.inputs[3].present = flags({false, false, false});
  EXPECT_NE(results_of(*model, zero), results_of(*model, missing));
}

TEST(Sentiment, ASentenceWithoutWordsIsAMissingOne) {
  const std::unique_ptr<Model> model = build(tiny_configs()[0]);
  ModelBatch empty = tiny_batch();
  empty.inputs[0].lengths = Tensor::from<std::int64_t>({4, 0, 3}, {3});
  ModelBatch missing = tiny_batch();
  missing.inputs[0].present = flags({true, false, true});
  EXPECT_EQ(results_of(*model, empty), results_of(*model, missing));
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

TEST(Sentiment, WholeModelPassesGradcheck) {
  for (const ModelConfig& config : tiny_configs()) {
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

TEST(Sentiment, SameSeedSameParametersWhateverTheType) {
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
