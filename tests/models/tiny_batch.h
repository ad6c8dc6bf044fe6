#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "models/model.h"

namespace heddle {

/// Inputs and batches of a few numbers each, drawn from a seed.
inline std::vector<InputSpec> tiny_inputs() {
  return {{.name = "text", .kind = InputSpec::Kind::tokens, .shape = {}, .vocabulary = 9},
          {.name = "image", .kind = InputSpec::Kind::image, .shape = {3, 8, 8}},
          {.name = "audio", .kind = InputSpec::Kind::sequence, .shape = {3}},
          {.name = "face", .kind = InputSpec::Kind::features, .shape = {4}}};
}

inline Tensor tiny_tokens(std::int64_t steps, std::int64_t samples, Generator& generator) {
  Tensor tokens = Tensor::empty({steps, samples}, DType::i64);
  for (std::int64_t i = 0; i < steps * samples; ++i) {
    tokens.mutable_data<std::int64_t>()[i] = 1 + static_cast<std::int64_t>(generator.below(8));
  }
  return tokens;
}

/// Three samples of tiny_inputs(), with words of lengths 4, 2, 3 and frames of lengths 5, 3, 1.
inline ModelBatch tiny_batch(DType dtype = DType::f32) {
  Generator generator(11);
  const auto normal = [&](const Shape& shape) {
    return random_normal(shape, 0.0, 1.0, generator, dtype);
  };
  ModelBatch batch;
  batch.inputs.push_back({.values = tiny_tokens(4, 3, generator),
                          .lengths = Tensor::from<std::int64_t>({4, 2, 3}, {3}),
                          .present = {}});
  batch.inputs.push_back({.values = normal({3, 3, 8, 8}), .lengths = {}, .present = {}});
  batch.inputs.push_back({.values = normal({5, 3, 3}),
                          .lengths = Tensor::from<std::int64_t>({5, 3, 1}, {3}),
                          .present = {}});
  batch.inputs.push_back({.values = normal({3, 4}), .lengths = {}, .present = {}});
  return batch;
}

inline std::vector<InputSpec> tiny_group_inputs() {
  return {{.name = "text", .kind = InputSpec::Kind::features, .shape = {4}},
          {.name = "audio", .kind = InputSpec::Kind::features, .shape = {3}}};
}

/// Two groups of 4 and 2 members.
inline ModelBatch tiny_groups(DType dtype = DType::f32) {
  Generator generator(12);
  ModelBatch batch;
  for (const std::int64_t width : {4, 3}) {
    batch.inputs.push_back({.values = random_normal({4, 2, width}, 0.0, 1.0, generator, dtype),
                            .lengths = {},
                            .present = {}});
  }
  batch.group_lengths = Tensor::from<std::int64_t>({4, 2}, {2});
  return batch;
}

}  // namespace heddle
