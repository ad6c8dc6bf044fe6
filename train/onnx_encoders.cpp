#include "train/onnx_encoders.h"

#include <cstddef>
#include <vector>

#include "core/error.h"
#include "models/image_encoder.h"

namespace heddle {
namespace {

/// Stages of relu(convolution over time of stride 2), zeros beyond a length after each.
OnnxSteps convolved(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                    const SequenceEncoderConfig& config) {
  OnnxGraph& graph = layers.graph;
  std::string lengths = input.lengths;
  std::string seen;  // [B, T′]
  std::string x = graph.add(info.name + ".by_feature", "Transpose", {input.values},
                            {{"perm", std::vector<std::int64_t>{1, 2, 0}}});
  for (std::size_t k = 0; k < config.channels.size(); ++k) {
    const std::string name = concat(info.name, ".conv", k);
    x = graph.add(concat(name, ".relu"), "Relu",
                  {layers.convolution(name, x, {2}, {config.kernel / 2})});
    // Half of the steps, rounded up.
    const std::string more =
        graph.add(concat(name, ".one_more"), "Add", {lengths, graph.scalar(std::int64_t{1})});
    lengths = graph.add(concat(name, ".lengths"), "Div", {more, graph.scalar(std::int64_t{2})});
    seen = graph.add(concat(name, ".mask"), "Less",
                     {layers.positions(concat(name, ".step"), x, 2), layers.unsqueeze(lengths, 1)});
    x = layers.zero_unless(concat(name, ".inside"), layers.unsqueeze(seen, 1), x, DType::f32);
  }
  OnnxSteps steps;
  steps.states = graph.add(info.name + ".states", "Transpose", {x},
                           {{"perm", std::vector<std::int64_t>{2, 0, 1}}});
  steps.mask = graph.add(info.name + ".states_mask", "Transpose", {seen},
                         {{"perm", std::vector<std::int64_t>{1, 0}}});
  steps.width = config.channels.back();
  steps.time = graph.unused_name(info.name + "_steps");
  return steps;
}

OnnxSteps recurrent(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                    const std::string& x) {
  const OnnxLayers::Lstm lstm = layers.lstm(info.name + ".lstm", x, input.lengths);
  return {lstm.states, input.mask, lstm.final, lstm.width, input.time};
}

OnnxSteps encoded(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                  const ModelConfig& config) {
  check<InputError>(info.kind != ModalityKind::image, "ONNX: the regions of \"", info.name,
                    "\" cannot be exported as steps", exportable_to_onnx);
  if (info.kind == ModalityKind::tokens) {
    check<InputError>(config.tokens.kind == TokenEncoderKind::lstm, "ONNX: the encoder \"",
                      name_of(config.tokens.kind), "\" of \"", info.name, "\" cannot be exported",
                      exportable_to_onnx);
    return recurrent(layers, info, input, layers.embedding(info.name + ".embedding", input.values));
  }
  switch (config.sequence.kind) {
    case SequenceEncoderKind::lstm:
      return recurrent(layers, info, input, input.values);
    case SequenceEncoderKind::conv:
      return convolved(layers, info, input, config.sequence);
    case SequenceEncoderKind::conv_lstm:
    case SequenceEncoderKind::transformer:
    case SequenceEncoderKind::regions:
      break;
  }
  fail<InputError>("ONNX: the encoder \"", name_of(config.sequence.kind), "\" of \"", info.name,
                   "\" cannot be exported", exportable_to_onnx);
}

/// Over all values of a sample side by side.
std::string linear_encoder(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input) {
  std::string x = input.values;
  if (info.shape.rank() > 1) {
    x = layers.graph.add(info.name + ".flat", "Flatten", {x}, {{"axis", std::int64_t{1}}});
  }
  const std::string inside = info.name + ".inside";
  if (layers.weights.has(inside + ".weight")) {
    x = layers.graph.add(inside + ".relu", "Relu", {layers.linear(inside, x)});
  }
  return layers.linear(info.name + ".linear", x);
}

std::string pooled(OnnxGraph& graph, const std::string& name, const char* op, const std::string& x,
                   const PoolOptions& window) {
  return graph.add(
      name, op, {x},
      {{"kernel_shape", std::vector<std::int64_t>{window.kernel_rows, window.kernel_cols}},
       {"strides", std::vector<std::int64_t>{window.stride_rows, window.stride_cols}}});
}

/// CnnEncoder.
std::string cnn_encoder(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                        const ImageEncoderConfig& config) {
  std::int64_t rows = info.shape[1];
  std::int64_t cols = info.shape[2];
  std::string x = input.values;
  for (std::size_t k = 0; k < config.channels.size(); ++k) {
    const std::string name = concat(info.name, ".conv", k);
    x = layers.convolution(name, x, {1, 1}, {1, 1});
    if (CnnMap::halves(rows, cols)) {
      x = pooled(layers.graph, concat(name, ".maximum"), "MaxPool", x, {});
      rows /= 2;
      cols /= 2;
    }
    x = layers.graph.add(concat(name, ".relu"), "Relu", {x});
  }
  const PoolOptions last = CnnMap::averaging(rows, cols);
  if (last.kernel_rows > 1 || last.kernel_cols > 1) {
    x = pooled(layers.graph, info.name + ".average", "AveragePool", x, last);
  }
  x = layers.graph.add(info.name + ".flat", "Flatten", {x}, {{"axis", std::int64_t{1}}});
  return layers.linear(info.name + ".linear", x);
}

std::string picture_encoder(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                            const ImageEncoderConfig& config) {
  switch (config.kind) {
    case ImageEncoderKind::cnn:
      return cnn_encoder(layers, info, input, config);
    case ImageEncoderKind::linear:
      return linear_encoder(layers, info, input);
    case ImageEncoderKind::resnet:
    case ImageEncoderKind::vit:
      break;
  }
  fail<InputError>("ONNX: the encoder \"", name_of(config.kind), "\" of \"", info.name,
                   "\" cannot be exported", exportable_to_onnx);
}

/// StepPool: by attention where it has weights for it, else the final states.
std::string pooled_steps(OnnxLayers& layers, const std::string& pool, const OnnxSteps& steps) {
  if (layers.weights.has(pool + ".attention.weight")) {
    const std::string u = layers.linear_tanh(pool + ".linear", steps.states, steps.width, {});
    return layers.attention_pool(pool + ".attention", u, steps.mask).values;
  }
  check<InputError>(!steps.final.empty(), "ONNX: \"", pool, "\" pools in a way that is not known",
                    exportable_to_onnx);
  return steps.final;
}

std::string encoded_vector(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                           const ModelConfig& config) {
  switch (info.kind) {
    case ModalityKind::features:
      return linear_encoder(layers, info, input);
    case ModalityKind::image:
      return picture_encoder(layers, info, input, config.image);
    case ModalityKind::tokens:
    case ModalityKind::sequence:
      break;
  }
  return pooled_steps(layers, info.name + ".pool", encoded(layers, info, input, config));
}

}  // namespace

std::string onnx_replace_missing(OnnxLayers& layers, const ModalityInfo& info,
                                 const OnnxInput& input, const std::string& encoded) {
  const std::string missing = info.name + ".missing";
  const bool learned = layers.weights.has(missing);
  if (input.present.empty()) {
    if (learned) {
      layers.weights.take(missing);  // of a modality that no sample lacks
    }
    return encoded;
  }
  const std::string stand_in = learned
                                   ? layers.graph.constant(missing, layers.weights.take(missing))
                                   : layers.graph.scalar(0.0f);
  return layers.graph.add(info.name + ".or_missing", "Where",
                          {layers.unsqueeze(input.present, 1), encoded, stand_in});
}

OnnxSteps onnx_steps(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                     const ModelConfig& config) {
  OnnxSteps steps = encoded(layers, info, input, config);
  steps.states = onnx_replace_missing(layers, info, input, steps.states);
  return steps;
}

std::string onnx_vector(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                        const ModelConfig& config) {
  return onnx_replace_missing(layers, info, input, encoded_vector(layers, info, input, config));
}

}  // namespace heddle
