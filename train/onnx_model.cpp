#include "train/onnx_model.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "models/sentiment.h"
#include "train/onnx_encoders.h"

namespace heddle {
namespace {

constexpr const char* over_modalities = "modality_attention";

std::string joined(OnnxGraph& graph, const std::string& name, const std::vector<std::string>& parts,
                   std::int64_t axis) {
  return parts.size() == 1 ? parts.front() : graph.add(name, "Concat", parts, {{"axis", axis}});
}

/// What the classifier reads, and what is told of the attention.
struct Attended {
  OnnxLayers::Pooled pooled;
  OnnxValue weights;
};

/// Fusion (models/fusion.h): steps [T, B, width], context [B, ..] or "".
OnnxLayers::Pooled fused(OnnxLayers& layers, const std::string& steps, std::int64_t width,
                         const std::string& context, const std::string& mask) {
  const std::string u = layers.linear_tanh("fusion.linear", steps, width, context);
  return layers.attention_pool("fusion.attention", u, mask);
}

/// Vectors of all modalities but `without`.
std::vector<std::string> vectors_of(OnnxLayers& layers, const ModelFile& file,
                                    const std::vector<OnnxInput>& inputs,
                                    std::optional<std::size_t> without) {
  std::vector<std::string> vectors;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (without == i) {
      continue;
    }
    const ModalityInfo& info = file.data.modalities[i].info;
    std::string vector = onnx_vector(layers, info, inputs[i], file.config.model);
    const std::string projection = info.name + ".projection";
    if (layers.weights.has(projection + ".weight")) {
      vector = layers.linear(projection, vector);
    }
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

Attended attend_to_steps(OnnxLayers& layers, const ModelFile& file,
                         const std::vector<OnnxInput>& inputs, std::size_t time) {
  const OnnxSteps steps =
      onnx_steps(layers, file.data.modalities[time].info, inputs[time], file.config.model);
  const std::vector<std::string> vectors = vectors_of(layers, file, inputs, time);
  const std::string context = vectors.empty() ? "" : joined(layers.graph, "context", vectors, 1);
  const std::string& name = file.data.modalities[time].info.name;
  return {fused(layers, steps.states, steps.width, context, steps.mask),
          {name + "_attention", DType::f32, {steps.time, "batch"}, "over the steps of " + name}};
}

Attended attend_to_modalities(OnnxLayers& layers, const ModelFile& file,
                              const std::vector<OnnxInput>& inputs) {
  const std::vector<std::string> vectors = vectors_of(layers, file, inputs, std::nullopt);
  std::vector<std::string> tokens;
  tokens.reserve(vectors.size());
  for (const std::string& vector : vectors) {
    tokens.push_back(layers.unsqueeze(vector, 0));
  }
  const ModelConfig& config = file.config.model;
  const std::string context =
      config.token_context ? joined(layers.graph, "context", vectors, 1) : "";
  const auto count = static_cast<std::int64_t>(vectors.size());
  return {fused(layers, joined(layers.graph, "tokens", tokens, 0), config.hidden, context, ""),
          {over_modalities, DType::f32, {count, "batch"}, "over the inputs"}};
}

void add_answers(OnnxLayers& layers, const ModelFile& file, const std::string& values) {
  OnnxGraph& graph = layers.graph;
  if (file.classifies) {
    const std::string logits = layers.linear("classifier.logits", values);
    const std::string shares =
        graph.add("shares", "Softmax", {logits}, {{"axis", std::int64_t{1}}});
    const OnnxShape shape = {"batch", file.data.classes()};
    graph.add_output(shares, {"probabilities", DType::f32, shape, "of the classes"});
    graph.add_output(logits, {"logits", DType::f32, shape, "of the classes"});
  }
  if (file.scores) {
    const std::string number = graph.add(
        "number", "Squeeze", {layers.linear("classifier.score", values), graph.list({1})});
    graph.add_output(number, {"score", DType::f32, {"batch"}, "the number predicted"});
  }
}

void describe(OnnxGraph& graph, const ModelFile& file) {
  graph.name = graph.unused_name(file.config.name.empty() ? "heddle" : file.config.name);
  graph.description = file.config.description;
  graph.metadata["heddle.data"] = file.data.name;
  if (file.classifies) {
    graph.metadata["heddle.classes"] = nlohmann::json(file.data.class_names).dump();
  }
  graph.metadata["heddle.inputs"] = nlohmann::json(file.data.modality_names()).dump();
  for (const Modality& modality : file.data.modalities) {
    if (modality.info.vocabulary == nullptr) {
      continue;
    }
    const Vocabulary& vocabulary = *modality.info.vocabulary;
    nlohmann::json words = nlohmann::json::array();
    for (std::int64_t number = 0; number < vocabulary.size(); ++number) {
      words.push_back(vocabulary.word(number));
    }
    graph.metadata["heddle.words." + modality.info.name] = words.dump();
  }
}

}  // namespace

OnnxGraph onnx_graph_of(const ModelFile& file) {
  const auto model = model_of(file, "cpu", "the model");
  const auto* const sentiment = dynamic_cast<const SentimentModel*>(model.get());
  check<InputError>(sentiment != nullptr, "ONNX: the model is \"", file.config.model.name, '"',
                    exportable_to_onnx);
  OnnxLayers layers{{}, OnnxWeights(file.weights)};
  OnnxGraph& graph = layers.graph;
  for (const char* const name : {"logits", "probabilities", "score", over_modalities, "batch"}) {
    graph.unused_name(name);
  }
  const std::optional<std::size_t> time = sentiment->time_input();
  std::vector<OnnxInput> inputs;
  for (const Modality& modality : file.data.modalities) {
    inputs.push_back(onnx_input(layers, modality.info, file.data.modalities.size() == 1));
  }
  Attended attended = time.has_value() ? attend_to_steps(layers, file, inputs, *time)
                                       : attend_to_modalities(layers, file, inputs);
  add_answers(layers, file, attended.pooled.values);
  if (time.has_value()) {
    attended.weights.name = graph.unused_name(attended.weights.name);
  }
  graph.add_output(attended.pooled.weights, std::move(attended.weights));
  layers.weights.check_all_taken();
  graph.drop_unused();
  describe(graph, file);
  return std::move(layers.graph);
}

}  // namespace heddle
