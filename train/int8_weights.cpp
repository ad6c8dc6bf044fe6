#include "train/int8_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string_view>

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::string_view scale_prefix = "int8.scale.";
constexpr std::int64_t shortest_row = 16;
constexpr float largest_code = 127.0f;

std::int64_t row_length(const Shape& shape) {
  std::int64_t length = 1;
  for (int dim = shape.rank() - 1; dim >= 1 && length < shortest_row; --dim) {
    length *= shape[dim];
  }
  return std::max<std::int64_t>(length, 1);
}

}  // namespace

Int8Weights as_int8(std::span<const NamedTensor> weights) {
  Int8Weights result;
  for (const auto& [name, tensor] : weights) {
    const bool is_bias = name == "bias" || name.ends_with(".bias");  // an LSTM's has two dimensions
    if (tensor.rank() < 2 || is_bias || tensor.dtype() != DType::f32 || tensor.elements() == 0) {
      result.tensors.push_back({name, tensor});
      continue;
    }
    const std::int64_t length = row_length(tensor.shape());
    const std::int64_t rows = tensor.elements() / length;
    const Tensor packed = tensor.to(Device{}).contiguous();
    Tensor codes = Tensor::zeros(tensor.shape(), DType::i64);
    Tensor scales = Tensor::zeros({rows});
    const float* from = packed.data<float>();
    auto* code = codes.mutable_data<std::int64_t>("as_int8");
    float* scale = scales.mutable_data<float>("as_int8");
    for (std::int64_t row = 0; row < rows; ++row) {
      float largest = 0.0f;
      for (std::int64_t i = row * length; i < (row + 1) * length; ++i) {
        largest = std::max(largest, std::abs(from[i]));
      }
      scale[row] = largest / largest_code;
      for (std::int64_t i = row * length; i < (row + 1) * length && scale[row] > 0.0f; ++i) {
        // Where the scale itself was rounded, the largest weight may land beyond its code.
        code[i] = std::lround(std::clamp(from[i] / scale[row], -largest_code, largest_code));
      }
    }
    result.codes.insert(name);
    result.tensors.push_back({name, codes});
    result.tensors.push_back({std::string(scale_prefix) + name, scales});
  }
  return result;
}

std::vector<NamedTensor> from_int8(std::span<const NamedTensor> tensors) {
  std::map<std::string_view, Tensor> scales;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(scale_prefix)) {
      scales.emplace(std::string_view(name).substr(scale_prefix.size()), tensor);
    }
  }
  std::vector<NamedTensor> weights;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(scale_prefix)) {
      continue;
    }
    if (tensor.dtype() != DType::i64) {
      weights.push_back({name, tensor});
      continue;
    }
    const auto found = scales.find(name);
    check<InputError>(found != scales.end(), "weight \"", name, "\" has codes but no scale");
    const Tensor& scale = found->second;
    const std::int64_t length = row_length(tensor.shape());
    check<InputError>(scale.dtype() == DType::f32 && scale.rank() == 1 && tensor.elements() > 0 &&
                          scale.elements() * length == tensor.elements(),
                      "weight \"", name, "\" is ", tensor.shape(), " with ", scale.shape(),
                      " scales; expected one for each ", length, " weights");
    Tensor values = Tensor::zeros(tensor.shape());
    float* out = values.mutable_data<float>("from_int8");
    for (std::int64_t i = 0; i < values.elements(); ++i) {
      out[i] = scale.data<float>()[i / length] * static_cast<float>(tensor.data<std::int64_t>()[i]);
    }
    weights.push_back({name, values});
  }
  return weights;
}

}  // namespace heddle
