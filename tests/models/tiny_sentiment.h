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

/// Every shape the model can take: both readings, both audio encoders, with missing vectors.
inline std::vector<ModelConfig> tiny_configs() {
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
