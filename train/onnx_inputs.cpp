#include "train/onnx_inputs.h"

#include <cstdint>
#include <span>
#include <vector>

#include "core/error.h"

namespace heddle {
namespace {

/// One number for all, or one per feature or plane.
std::string statistic(OnnxLayers& layers, const std::string& name,
                      const std::vector<float>& numbers, const ModalityInfo& info) {
  Shape shape;
  if (numbers.size() > 1) {
    shape.push_back(static_cast<std::int64_t>(numbers.size()));
    if (info.kind == ModalityKind::image) {
      shape.push_back(1);
      shape.push_back(1);
    }
  }
  return layers.graph.constant(name, Tensor::from(std::span<const float>(numbers), shape));
}

/// sign(raw) |raw|^power.
std::string powered(OnnxLayers& layers, const ModalityInfo& info, const std::string& raw) {
  const float power = info.standardisation.power;
  if (power == 1.0f) {
    return raw;
  }
  OnnxGraph& graph = layers.graph;
  const std::string size =
      graph.add(info.name + ".powered_size", "Pow",
                {graph.add(info.name + ".size", "Abs", {raw}), graph.scalar(power)});
  return graph.add(info.name + ".powered", "Mul",
                   {graph.add(info.name + ".sign", "Sign", {raw}), size});
}

/// (sign(raw) |raw|^power − mean) · scale.
std::string standardised(OnnxLayers& layers, const ModalityInfo& info, const std::string& raw) {
  const Standardisation& known = info.standardisation;
  const std::string value = powered(layers, info, raw);
  if (known.mean.empty()) {
    return value;
  }
  const std::string centred =
      layers.graph.add(info.name + ".centred", "Sub",
                       {value, statistic(layers, info.name + ".mean", known.mean, info)});
  return layers.graph.add(info.name + ".standardised", "Mul",
                          {centred, statistic(layers, info.name + ".scale", known.scale, info)});
}

OnnxInput with_steps(OnnxLayers& layers, const ModalityInfo& info) {
  OnnxGraph& graph = layers.graph;
  const bool words = info.kind == ModalityKind::tokens;
  OnnxInput input;
  input.time = graph.unused_name(info.name + "_time");
  OnnxShape shape = {input.time, "batch"};
  if (!words) {
    shape.emplace_back(info.features());
  }
  const std::string given = graph.add_input(
      {info.name, words ? DType::i64 : DType::f32, shape,
       words
           ? "numbers of words, in the order of the metadata's list; 1 is any word not in it, and "
             "what stands beyond a length is not read"
           : "raw values; what stands beyond a length is not read"});
  const std::string lengths =
      graph.add_input({info.name + "_lengths",
                       DType::i64,
                       {"batch"},
                       "how many steps a sample has; 0: it lacks this modality"});
  const std::string zero = graph.scalar(std::int64_t{0});
  input.present = graph.add(info.name + ".is_present", "Greater", {lengths, zero});
  input.lengths =
      graph.add(info.name + ".at_least_one", "Max", {lengths, graph.scalar(std::int64_t{1})});
  const std::string step =
      layers.unsqueeze(layers.positions(info.name + ".step", given, 0), 1);  // [T, 1]
  input.mask = graph.add(info.name + ".mask", "Less", {step, input.lengths});
  std::string inside = graph.add(info.name + ".inside", "Less", {step, lengths});
  if (!words) {
    inside = layers.unsqueeze(inside, 2);
  }
  input.values =
      layers.zero_unless(info.name + ".inputs", inside, standardised(layers, info, given),
                         words ? DType::i64 : DType::f32);
  return input;
}

}  // namespace

OnnxInput onnx_input(OnnxLayers& layers, const ModalityInfo& info, bool alone) {
  if (has_lengths(info.kind)) {
    return with_steps(layers, info);
  }
  OnnxShape shape = {"batch"};
  shape.insert(shape.end(), info.shape.begin(), info.shape.end());
  const std::string given = layers.graph.add_input({info.name, DType::f32, shape, "raw values"});
  OnnxInput input;
  if (!alone) {
    input.present = layers.graph.add_input({info.name + "_present",
                                            DType::boolean,
                                            {"batch"},
                                            "false: a sample lacks this modality, and what stands "
                                            "in its place is not read"});
  }
  input.values = standardised(layers, info, given);
  return input;
}

}  // namespace heddle
