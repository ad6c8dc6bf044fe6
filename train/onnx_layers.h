#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "data/safetensors.h"
#include "train/onnx_graph.h"

namespace heddle {

/// The weights of a trained model on their way into a graph: each is to be used, or the graph would
/// not be the model.
class OnnxWeights {
 public:
  explicit OnnxWeights(const std::vector<NamedTensor>& weights);

  bool has(const std::string& name) const { return weights_.contains(name); }
  /// Errors (InputError): there is none of that name, so the model is made of other parts than
  /// those that can be exported.
  const Tensor& take(const std::string& name);
  /// Errors (InputError): some were not taken; names the first.
  void check_all_taken() const;

 private:
  struct Weight {
    Tensor tensor;
    bool taken = false;
  };
  std::map<std::string, Weight> weights_;
};

/// What can be exported, for the end of an error message.
extern const char* const exportable_to_onnx;

/// A graph being made from weights. Each function adds one layer of layers/, whose weights are
/// named `layer`.…, and gives back the name of what it computes.
struct OnnxLayers {
  OnnxGraph graph;
  OnnxWeights weights;

  struct Lstm {
    std::string states;  // [T, B, width]; what stands beyond a length is unspecified
    std::string final;   // [B, width]: the last state of each direction
    std::int64_t width;  // of both directions together
  };
  struct Pooled {
    std::string values;   // [B, H]
    std::string weights;  // [T, B]
  };

  /// x [B, in] → [B, out].
  std::string linear(const std::string& layer, const std::string& x);
  /// tanh of a linear layer over steps x [T, B, step_width] and, where not empty, context [B, in −
  /// step_width] → [T, B, out].
  std::string linear_tanh(const std::string& layer, const std::string& x, std::int64_t step_width,
                          const std::string& context);
  /// tokens [T, B] → [T, B, width].
  std::string embedding(const std::string& layer, const std::string& tokens);
  /// All layers of an LSTM. x [T, B, in], lengths i64 [B], 1 … T.
  Lstm lstm(const std::string& layer, const std::string& x, const std::string& lengths);
  /// u [T, B, H], mask bool [T, B] or empty: all steps are seen.
  Pooled attention_pool(const std::string& layer, const std::string& u, const std::string& mask);
  /// relu is left to the caller. `strides` and `padding` (the same before and after) per dimension.
  std::string convolution(const std::string& layer, const std::string& x,
                          const std::vector<std::int64_t>& strides,
                          const std::vector<std::int64_t>& padding);

  /// 0, 1, … up to the size of dimension `dim` of x, less one: i64 [size].
  std::string positions(const std::string& name, const std::string& x, std::int64_t dim);
  std::string unsqueeze(const std::string& x, std::int64_t axis);
  /// x where `condition` (bool, broadcast) holds, else 0.
  std::string zero_unless(const std::string& name, const std::string& condition,
                          const std::string& x, DType dtype);
};

}  // namespace heddle
