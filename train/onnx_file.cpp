#include "train/onnx_file.h"

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/build_info.h"
#include "core/error.h"
#include "data/atomic_file.h"

namespace heddle {
namespace {

constexpr std::int64_t ir_version = 7;  // the one that came with operator set 13
constexpr std::int64_t most_bytes = (std::int64_t{1} << 31) - 1;

onnx::TensorProto::DataType type_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return onnx::TensorProto::FLOAT;
    case DType::i64:
      return onnx::TensorProto::INT64;
    case DType::boolean:
      return onnx::TensorProto::BOOL;
    case DType::f64:
    case DType::bf16:
      break;
  }
  fail("ONNX: a value is ", dtype, "; expected f32, i64 or bool");
}

void fill(onnx::TensorProto& out, const NamedTensor& constant) {
  const Tensor& tensor = constant.tensor;
  out.set_name(constant.name);
  out.set_data_type(type_of(tensor.dtype()));
  for (const std::int64_t size : tensor.shape()) {
    out.add_dims(size);
  }
  // The format's byte order is little-endian, as is that of every machine this is built for.
  dispatch_any(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    out.set_raw_data(tensor.data<T>(), static_cast<std::size_t>(tensor.elements()) * sizeof(T));
  });
}

void fill(onnx::AttributeProto& out, const OnnxAttribute& attribute) {
  out.set_name(attribute.name);
  if (const auto* const number = std::get_if<std::int64_t>(&attribute.value)) {
    out.set_type(onnx::AttributeProto::INT);
    out.set_i(*number);
  } else if (const auto* const text = std::get_if<std::string>(&attribute.value)) {
    out.set_type(onnx::AttributeProto::STRING);
    out.set_s(*text);
  } else {
    out.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t entry : std::get<std::vector<std::int64_t>>(attribute.value)) {
      out.add_ints(entry);
    }
  }
}

void fill(onnx::NodeProto& out, const OnnxNode& node) {
  out.set_op_type(node.op);
  out.set_name(node.outputs.front());
  for (const std::string& input : node.inputs) {
    out.add_input(input);
  }
  for (const std::string& output : node.outputs) {
    out.add_output(output);
  }
  for (const OnnxAttribute& attribute : node.attributes) {
    fill(*out.add_attribute(), attribute);
  }
}

void fill(onnx::ValueInfoProto& out, const OnnxValue& value) {
  out.set_name(value.name);
  out.set_doc_string(value.description);
  onnx::TypeProto::Tensor& type = *out.mutable_type()->mutable_tensor_type();
  type.set_elem_type(type_of(value.dtype));
  type.mutable_shape();
  for (const auto& size : value.shape) {
    onnx::TensorShapeProto::Dimension& dimension = *type.mutable_shape()->add_dim();
    if (const auto* const number = std::get_if<std::int64_t>(&size)) {
      dimension.set_dim_value(*number);
    } else {
      dimension.set_dim_param(std::get<std::string>(size));
    }
  }
}

void fill(onnx::GraphProto& out, const OnnxGraph& graph) {
  out.set_name(graph.name);
  for (const OnnxNode& node : graph.nodes) {
    fill(*out.add_node(), node);
  }
  for (const NamedTensor& constant : graph.constants) {
    fill(*out.add_initializer(), constant);
  }
  for (const OnnxValue& value : graph.inputs) {
    fill(*out.add_input(), value);
  }
  for (const OnnxValue& value : graph.outputs) {
    fill(*out.add_output(), value);
  }
}

}  // namespace

bool can_write_onnx() { return true; }

void write_onnx(const std::filesystem::path& path, const OnnxGraph& graph) {
  std::int64_t bytes = 0;
  for (const NamedTensor& constant : graph.constants) {
    bytes +=
        constant.tensor.elements() * static_cast<std::int64_t>(size_of(constant.tensor.dtype()));
  }
  check<InputError>(bytes < most_bytes, path.string(), ": the weights have ", bytes,
                    " bytes; an ONNX file holds at most ", most_bytes);
  onnx::ModelProto model;
  model.set_ir_version(ir_version);
  model.set_producer_name("heddle");
  model.set_producer_version(build_info().version);
  model.set_doc_string(graph.description);
  model.add_opset_import()->set_version(OnnxGraph::opset);
  for (const auto& [key, value] : graph.metadata) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  fill(*model.mutable_graph(), graph);
  std::string text;
  check<InputError>(model.ByteSizeLong() <= static_cast<std::size_t>(most_bytes) &&
                        model.SerializeToString(&text),
                    path.string(), ": the model is larger than the ", most_bytes,
                    " bytes an ONNX file holds");
  write_file_atomically(path, text);
}

}  // namespace heddle
