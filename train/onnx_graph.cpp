#include "train/onnx_graph.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <utility>

#include "core/error.h"

namespace heddle {
namespace {

bool letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

std::string as_identifier(std::string_view wanted) {
  std::string name;
  for (const char c : wanted) {
    name += letter_or_digit(c) ? c : '_';
  }
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) {
    name.insert(name.begin(), '_');
  }
  return name;
}

}  // namespace

std::string OnnxGraph::unused_name(std::string_view wanted) {
  const std::string first = as_identifier(wanted);
  std::string unused = first;
  for (int number = 2; !names_.insert(unused).second; ++number) {
    unused = concat(first, '_', number);
  }
  return unused;
}

std::string OnnxGraph::add_input(OnnxValue value) {
  value.name = unused_name(value.name);
  inputs.push_back(std::move(value));
  return inputs.back().name;
}

std::string OnnxGraph::add(std::string_view result, std::string op,
                           std::vector<std::string> operands,
                           std::vector<OnnxAttribute> attributes) {
  return add(std::vector<std::string>{std::string(result)}, std::move(op), std::move(operands),
             std::move(attributes))
      .front();
}

std::vector<std::string> OnnxGraph::add(const std::vector<std::string>& results, std::string op,
                                        std::vector<std::string> operands,
                                        std::vector<OnnxAttribute> attributes) {
  OnnxNode node{std::move(op), std::move(operands), {}, std::move(attributes)};
  for (const std::string& result : results) {
    node.outputs.push_back(unused_name(result));
  }
  nodes.push_back(std::move(node));
  return nodes.back().outputs;
}

std::string OnnxGraph::constant(std::string_view wanted, const Tensor& tensor) {
  const DType dtype = tensor.dtype() == DType::f64 ? DType::f32 : tensor.dtype();
  constants.push_back({unused_name(wanted), tensor.to(dtype).contiguous()});
  return constants.back().name;
}

std::string OnnxGraph::scalar(std::int64_t value) {
  std::string& known = shared_[concat("i64 ", value)];
  if (known.empty()) {
    known = constant(concat("number_", value), Tensor::from<std::int64_t>({value}, {}));
  }
  return known;
}

std::string OnnxGraph::scalar(float value) {
  std::string& known = shared_[concat("f32 ", value)];
  if (known.empty()) {
    known = constant("real_number", Tensor::from<float>({value}, {}));
  }
  return known;
}

std::string OnnxGraph::list(const std::vector<std::int64_t>& values) {
  std::string text = "list";
  for (const std::int64_t value : values) {
    text += concat('_', value);
  }
  std::string& known = shared_[text];
  if (known.empty()) {
    known = constant(text, Tensor::from(std::span<const std::int64_t>(values),
                                        {static_cast<std::int64_t>(values.size())}));
  }
  return known;
}

void OnnxGraph::add_output(const std::string& value, OnnxValue output) {
  for (OnnxNode& node : nodes) {
    std::replace(node.inputs.begin(), node.inputs.end(), value, output.name);
    std::replace(node.outputs.begin(), node.outputs.end(), value, output.name);
  }
  outputs.push_back(std::move(output));
}

void OnnxGraph::drop_unused() {
  std::set<std::string> used;
  for (const OnnxValue& output : outputs) {
    used.insert(output.name);
  }
  std::vector<OnnxNode> kept;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    if (std::any_of(node->outputs.begin(), node->outputs.end(),
                    [&](const std::string& result) { return used.contains(result); })) {
      used.insert(node->inputs.begin(), node->inputs.end());
      kept.push_back(std::move(*node));
    }
  }
  nodes.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  std::erase_if(constants,
                [&](const NamedTensor& constant) { return !used.contains(constant.name); });
}

}  // namespace heddle
