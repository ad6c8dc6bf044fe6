#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <vector>

#include "autograd/ops.h"
#include "models/build.h"
#include "tests/models/tiny_batch.h"

namespace heddle {

inline ModelConfig tiny_config(DType dtype = DType::f64) {
  ModelConfig config;
  config.hidden = 4;
  config.tokens.embedding = 3;
  config.image.channels = {2, 3};
  config.sequence.channels = {3, 4};
  config.sequence.kernel = 3;
  config.dtype = dtype;
  return config;
}

/// Words, pixels and frames read by encoders other than the default ones.
inline ModelConfig convolving_config(SequencePool pool) {
  ModelConfig config = tiny_config();
  config.pool = pool;
  config.missing_vectors = true;
  config.tokens.kind = TokenEncoderKind::cnn;
  config.tokens.widths = {2, 3};
  config.tokens.filters = 2;
  config.image.kind = ImageEncoderKind::resnet;
  config.image.channels = {2, 4};
  config.image.groups = 2;
  config.image.pool = pool;
  config.sequence.kind = SequenceEncoderKind::conv_lstm;
  config.sequence.pool = pool;
  return config;
}

inline ModelConfig attending_config(SequencePool pool, PositionKind positions) {
  ModelConfig config = tiny_config();
  config.pool = pool;
  config.missing_vectors = true;
  const TransformerConfig transformer{
      .heads = 2, .feed_forward = 3, .positions = positions, .max_steps = 9};
  config.tokens.kind = TokenEncoderKind::transformer;
  config.tokens.embedding = 4;
  config.tokens.transformer = transformer;
  config.tokens.pool = pool;
  config.image.kind = ImageEncoderKind::vit;
  config.image.patch = 4;
  config.image.layers = 1;
  config.image.heads = 2;
  config.image.feed_forward = 3;
  config.image.pool = pool;
  config.sequence.kind = SequenceEncoderKind::transformer;
  config.sequence.transformer = transformer;
  config.sequence.pool = pool;
  return config;
}

/// Both readings, the default encoders and both first ones for frames, with missing vectors.
inline std::vector<ModelConfig> tiny_lstm_configs() {
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

/// Every shape the model can take: the same, and all other encoders.
inline std::vector<ModelConfig> tiny_configs() {
  std::vector<ModelConfig> configs = tiny_lstm_configs();
  for (const SequencePool pool : {SequencePool::attention, SequencePool::final}) {
    configs.push_back(convolving_config(pool));
  }
  configs.push_back(attending_config(SequencePool::attention, PositionKind::sinusoidal));
  configs.push_back(attending_config(SequencePool::final, PositionKind::learned));
  ModelConfig regions_over_time = attending_config(SequencePool::final, PositionKind::none);
  regions_over_time.pool = SequencePool::attention;
  regions_over_time.time_modality = "image";
  configs.push_back(regions_over_time);
  ModelConfig regions_of_features = tiny_config();
  regions_of_features.time_modality = "image";
  regions_of_features.sequence.kind = SequenceEncoderKind::regions;
  regions_of_features.missing_vectors = true;
  configs.push_back(regions_of_features);
  return configs;
}

inline std::unique_ptr<Model> build(const ModelConfig& config) {
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

inline std::vector<double> results_of(Model& model, const ModelBatch& batch) {
  const ModelOutput output = model(batch);
  std::vector<double> results = output.logits.value().to_vector<double>();
  for (const double score : output.score.value().to_vector<double>()) {
    results.push_back(score);
  }
  return results;
}

/// Gradients of a loss of all outputs, all parameters side by side.
inline std::vector<double> gradients_of(Model& model, const ModelBatch& batch) {
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

inline void expect_near(const std::vector<double>& left, const std::vector<double>& right,
                        double tolerance) {
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    EXPECT_NEAR(left[i], right[i], tolerance) << "element " << i;
  }
}

inline Tensor flags(std::initializer_list<bool> values) {
  return Tensor::from<bool>(values, {static_cast<std::int64_t>(values.size())});
}

}  // namespace heddle
