#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/dtype.h"
#include "core/tensor.h"
#include "data/safetensors.h"

namespace heddle {

// A computation graph as the ONNX format has it (github.com/onnx/onnx, docs/IR.md), in plain
// values: made without the format's library, and written with it (train/onnx_file.h).

/// A dimension is a number, or a name where it is known only when the graph runs.
using OnnxShape = std::vector<std::variant<std::int64_t, std::string>>;

/// What goes into a graph or comes out of it.
struct OnnxValue {
  std::string name;
  DType dtype = DType::f32;  // f32, i64 or boolean
  OnnxShape shape;
  std::string description;
};

struct OnnxAttribute {
  std::string name;
  std::variant<std::int64_t, std::vector<std::int64_t>, std::string> value;
};

struct OnnxNode {
  std::string op;
  std::vector<std::string> inputs;  // "" for an optional one that is left out
  std::vector<std::string> outputs;
  std::vector<OnnxAttribute> attributes;
};

/// The numbers by which the format knows types, for the attribute `to` of Cast.
enum class OnnxType : std::int64_t { int32 = 6 };

/// The operators mean what they mean in operator set 13, which every runtime of recent years has.
struct OnnxGraph {
  static constexpr std::int64_t opset = 13;

  std::string name;
  std::string description;
  std::vector<OnnxNode> nodes;  // each after all whose results it reads
  std::vector<NamedTensor> constants;
  std::vector<OnnxValue> inputs;
  std::vector<OnnxValue> outputs;
  std::map<std::string, std::string> metadata;

  // All of these give back the name of a value. Names are C identifiers, as the format asks for,
  // and none is given twice: where one is taken already, a number is put behind it.
  std::string unused_name(std::string_view wanted);
  std::string add_input(OnnxValue value);
  /// A node with one result.
  std::string add(std::string_view result, std::string op, std::vector<std::string> operands,
                  std::vector<OnnxAttribute> attributes = {});
  std::vector<std::string> add(const std::vector<std::string>& results, std::string op,
                               std::vector<std::string> operands,
                               std::vector<OnnxAttribute> attributes = {});
  /// f32, f64 (becomes f32), i64 or bool.
  std::string constant(std::string_view wanted, const Tensor& tensor);
  // Those of the same value are one constant.
  std::string scalar(std::int64_t value);
  std::string scalar(float value);
  std::string list(
      const std::vector<std::int64_t>& values);  // [n], such as the axes of an operator

  /// Makes `value`, a node's result, an output under `output.name`, which it alone must bear.
  void add_output(const std::string& value, OnnxValue output);
  /// Removes nodes and constants that no output depends on.
  void drop_unused();

 private:
  std::set<std::string, std::less<>> names_;
  std::map<std::string, std::string> shared_;  // constant's value as text → its name
};

}  // namespace heddle
