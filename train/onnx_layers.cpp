#include "train/onnx_layers.h"

#include <array>
#include <limits>

#include "core/error.h"

namespace heddle {
namespace {

/// Along dimension 1, gates i, f, g, o (kernels/lstm.h) become i, o, f, c as ONNX has them.
Tensor in_onnx_order(const Tensor& gates) {
  constexpr std::array<std::int64_t, 4> from = {0, 3, 1, 2};
  const std::int64_t hidden = gates.size(1) / 4;
  Tensor ordered = Tensor::empty(gates.shape(), gates.dtype());
  for (std::int64_t to = 0; to < 4; ++to) {
    const std::int64_t begin = from[static_cast<std::size_t>(to)] * hidden;
    ordered.slice(1, to * hidden, (to + 1) * hidden).copy_(gates.slice(1, begin, begin + hidden));
  }
  return ordered;
}

/// ONNX adds two biases, of the input's product and of the state's; ours is one.
Tensor with_second_bias(const Tensor& bias) {
  Tensor both = Tensor::zeros({bias.size(0), 2 * bias.size(1)}, bias.dtype());
  both.slice(1, 0, bias.size(1)).copy_(bias);
  return both;
}

}  // namespace

const char* const exportable_to_onnx =
    "; what can be exported is the model \"sentiment\" of words read by an LSTM, features, "
    "pictures "
    "(cnn, linear) and sequences (lstm, conv)";

OnnxWeights::OnnxWeights(const std::vector<NamedTensor>& weights) {
  for (const auto& [name, tensor] : weights) {
    weights_[name].tensor = tensor;
  }
}

const Tensor& OnnxWeights::take(const std::string& name) {
  const auto found = weights_.find(name);
  check<InputError>(found != weights_.end(), "ONNX: the model has no weights \"", name,
                    "\", so it is made of parts that cannot be exported", exportable_to_onnx);
  found->second.taken = true;
  return found->second.tensor;
}

void OnnxWeights::check_all_taken() const {
  for (const auto& [name, weight] : weights_) {
    check<InputError>(weight.taken, "ONNX: weights \"", name, "\" ", weight.tensor.shape(),
                      " belong to a part that cannot be exported", exportable_to_onnx);
  }
}

std::string OnnxLayers::linear(const std::string& layer, const std::string& x) {
  std::vector<std::string> operands = {
      x, graph.constant(layer + ".weight", weights.take(layer + ".weight"))};
  if (weights.has(layer + ".bias")) {
    operands.push_back(graph.constant(layer + ".bias", weights.take(layer + ".bias")));
  }
  return graph.add(layer, "Gemm", operands, {{"transB", std::int64_t{1}}});
}

std::string OnnxLayers::linear_tanh(const std::string& layer, const std::string& x,
                                    std::int64_t step_width, const std::string& context) {
  const Tensor& weight = weights.take(layer + ".weight");
  const bool split = !context.empty();
  check<InputError>(split ? weight.size(1) > step_width : weight.size(1) == step_width,
                    "ONNX: weights \"", layer, ".weight\" are ", weight.shape(), " for steps of ",
                    step_width, " numbers", exportable_to_onnx);
  const std::string bias = graph.constant(layer + ".bias", weights.take(layer + ".bias"));
  const std::string product = graph.add(
      layer + ".steps", "MatMul",
      {x, graph.constant(layer + ".weight", weight.slice(1, 0, step_width).transpose(0, 1))});
  std::string same_for_all = bias;
  if (split) {
    const std::string rest = graph.constant(layer + ".context_weight", weight.slice(1, step_width));
    same_for_all =
        graph.add(layer + ".context", "Gemm", {context, rest, bias}, {{"transB", std::int64_t{1}}});
  }
  return graph.add(layer, "Tanh", {graph.add(layer + ".sum", "Add", {product, same_for_all})});
}

std::string OnnxLayers::embedding(const std::string& layer, const std::string& tokens) {
  return graph.add(layer, "Gather",
                   {graph.constant(layer + ".weight", weights.take(layer + ".weight")), tokens});
}

OnnxLayers::Lstm OnnxLayers::lstm(const std::string& layer, const std::string& x,
                                  const std::string& lengths) {
  const std::string steps = graph.add(layer + ".lengths", "Cast", {lengths},
                                      {{"to", static_cast<std::int64_t>(OnnxType::int32)}});
  Lstm result{x, {}, 0};
  for (int k = 0; k == 0 || weights.has(concat(layer, '.', k, ".weight_input")); ++k) {
    const std::string name = concat(layer, '.', k);
    const Tensor& weight = weights.take(name + ".weight_input");
    const std::int64_t directions = weight.size(0);
    const std::int64_t hidden = weight.size(1) / 4;
    result.width = directions * hidden;
    std::vector<std::string> operands = {
        result.states, graph.constant(name + ".weight_input", in_onnx_order(weight)),
        graph.constant(name + ".weight_hidden",
                       in_onnx_order(weights.take(name + ".weight_hidden"))),
        "", steps};
    if (weights.has(name + ".bias")) {
      operands[3] = graph.constant(name + ".bias",
                                   with_second_bias(in_onnx_order(weights.take(name + ".bias"))));
    }
    const std::string direction = directions == 2 ? "bidirectional" : "forward";
    const auto results = graph.add({name, name + ".last"}, "LSTM", operands,
                                   {{"direction", direction}, {"hidden_size", hidden}});
    const std::string by_step =
        graph.add(name + ".by_step", "Transpose", {results[0]},
                  {{"perm", std::vector<std::int64_t>{0, 2, 1, 3}}});  // [T, B, D, H]
    result.states =
        graph.add(name + ".states", "Reshape", {by_step, graph.list({0, 0, result.width})});
    const std::string by_sample =
        graph.add(name + ".by_sample", "Transpose", {results[1]},
                  {{"perm", std::vector<std::int64_t>{1, 0, 2}}});  // [B, D, H]
    result.final =
        graph.add(name + ".final", "Reshape", {by_sample, graph.list({0, result.width})});
  }
  return result;
}

OnnxLayers::Pooled OnnxLayers::attention_pool(const std::string& layer, const std::string& u,
                                              const std::string& mask) {
  std::string scores =
      graph.add(layer + ".scores", "MatMul",
                {u, graph.constant(layer + ".weight", weights.take(layer + ".weight"))});
  if (!mask.empty()) {
    // So low that its exponential is 0 beside any score's.
    const std::string lowest = graph.scalar(std::numeric_limits<float>::lowest());
    scores = graph.add(layer + ".seen_scores", "Where", {mask, scores, lowest});
  }
  const std::string shares =
      graph.add(layer + ".weights", "Softmax", {scores}, {{"axis", std::int64_t{0}}});
  const std::string weighted = graph.add(layer + ".weighted", "Mul", {unsqueeze(shares, 2), u});
  return {
      graph.add(layer, "ReduceSum", {weighted, graph.list({0})}, {{"keepdims", std::int64_t{0}}}),
      shares};
}

std::string OnnxLayers::convolution(const std::string& layer, const std::string& x,
                                    const std::vector<std::int64_t>& strides,
                                    const std::vector<std::int64_t>& padding) {
  const Tensor& weight = weights.take(layer + ".weight");
  std::vector<std::string> operands = {x, graph.constant(layer + ".weight", weight)};
  if (weights.has(layer + ".bias")) {
    operands.push_back(graph.constant(layer + ".bias", weights.take(layer + ".bias")));
  }
  std::vector<std::int64_t> kernel;
  for (int dim = 2; dim < weight.rank(); ++dim) {
    kernel.push_back(weight.size(dim));
  }
  std::vector<std::int64_t> pads = padding;  // all that go before, then all that go behind
  pads.insert(pads.end(), padding.begin(), padding.end());
  return graph.add(layer, "Conv", operands,
                   {{"kernel_shape", kernel}, {"strides", strides}, {"pads", pads}});
}

std::string OnnxLayers::positions(const std::string& name, const std::string& x, std::int64_t dim) {
  const std::string shape = graph.add(name + ".shape", "Shape", {x});
  const std::string size = graph.add(name + ".size", "Gather", {shape, graph.scalar(dim)});
  return graph.add(name, "Range",
                   {graph.scalar(std::int64_t{0}), size, graph.scalar(std::int64_t{1})});
}

std::string OnnxLayers::unsqueeze(const std::string& x, std::int64_t axis) {
  return graph.add(concat(x, ".axis_", axis), "Unsqueeze", {x, graph.list({axis})});
}

std::string OnnxLayers::zero_unless(const std::string& name, const std::string& condition,
                                    const std::string& x, DType dtype) {
  const std::string zero = dtype == DType::i64 ? graph.scalar(std::int64_t{0}) : graph.scalar(0.0f);
  return graph.add(name, "Where", {condition, x, zero});
}

}  // namespace heddle
