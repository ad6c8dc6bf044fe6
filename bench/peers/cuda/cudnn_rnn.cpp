#include "bench/peers/cuda/cudnn_rnn.h"

#include <algorithm>
#include <array>

#include "core/cuda/check.h"
#include "core/error.h"

namespace heddle::bench {
namespace {

using cuda::check_cuda;

constexpr std::int64_t gates = 4;

cudnnMathType_t math_type(PeerMath math) {
  switch (math) {
    case PeerMath::f32:
      return CUDNN_FMA_MATH;
    case PeerMath::tf32:
      return CUDNN_DEFAULT_MATH;  // TF32 is allowed to f32 data
    case PeerMath::bf16:
    case PeerMath::f16:
      break;
  }
  return CUDNN_TENSOR_OP_MATH;
}

int as_int(std::int64_t size) { return static_cast<int>(size); }

}  // namespace

std::string_view name_of(cudnnRNNAlgo_t algorithm) {
  constexpr std::array<std::string_view, 4> names = {"standard", "persist_static",
                                                     "persist_dynamic", "small_h"};
  return names.at(static_cast<std::size_t>(algorithm));
}

CudnnRnn::CudnnRnn(const CudnnRnnInputs& inputs, const CudnnRnnOptions& options,
                   cudaStream_t stream)
    : CudaPeer(stream),
      layout_(inputs.x, inputs.weight_hidden, inputs.lengths, options.packed),
      options_(options),
      element_(element_of(options.math)),
      x_(layout_.to_cudnn(inputs.x), element_),
      dy_(layout_.to_cudnn(inputs.dy), element_) {
  describe();
  const RnnLayout& l = layout_;
  const Shape states{l.directions, l.batch, l.hidden};
  y_ = output("y", {l.step_count(), l.directions * l.hidden}, element_);
  h_n_ = output("h_n", states, element_);
  c_n_ = output("c_n", states, element_);
  const bool has_backward = options.training && inputs.dy.defined();
  if (has_backward) {
    dx_ = output("dx", {l.step_count(), l.input}, element_);
  }
  place_weights(inputs);
  const cudnnHandle_t handle = cudnn_on(stream);
  std::size_t workspace = 0;
  std::size_t reserve = 0;
  check_cudnn(
      cudnnGetRNNTempSpaceSizes(
          handle, rnn_.get(), options.training ? CUDNN_FWD_MODE_TRAINING : CUDNN_FWD_MODE_INFERENCE,
          x_steps_.get(), &workspace, &reserve),
      "cudnnGetRNNTempSpaceSizes");
  workspace_ = DeviceMemory(workspace);
  reserve_ = DeviceMemory(reserve);
  if (has_backward) {
    dweights_ = DeviceMemory(weights_.bytes());
  }
  set_note(concat(name_of(options.algorithm), options.packed ? ", packed" : ", padded",
                  ", workspace ", workspace >> 10, " KiB"));
}

void CudnnRnn::describe() {
  const RnnLayout& l = layout_;
  const cudnnHandle_t handle = cudnn_on(stream());
  check_cudnn(cudnnSetDropoutDescriptor(dropout_.get(), handle, 0.0f, nullptr, 0, 0),
              "cudnnSetDropoutDescriptor");
  const bool padded_io = !l.packed;
  check_cudnn(
      cudnnSetRNNDescriptor_v8(
          rnn_.get(), options_.algorithm, CUDNN_LSTM, CUDNN_RNN_SINGLE_INP_BIAS,
          l.directions == 2 ? CUDNN_BIDIRECTIONAL : CUDNN_UNIDIRECTIONAL, CUDNN_LINEAR_INPUT,
          cudnn_type(element_), CUDNN_DATA_FLOAT, math_type(options_.math), as_int(l.input),
          as_int(l.hidden), as_int(l.hidden), 1, dropout_.get(),
          padded_io ? CUDNN_RNN_PADDED_IO_ENABLED : CUDNN_RNN_PADDED_IO_DISABLED),
      "cudnnSetRNNDescriptor_v8");
  if (options_.algorithm == CUDNN_RNN_ALGO_PERSIST_DYNAMIC) {
    check_cudnn(cudnnBuildRNNDynamic(handle, rnn_.get(), as_int(l.batch)), "cudnnBuildRNNDynamic");
  }
  const std::vector<int> lengths = l.ordered_lengths();
  const auto layout =
      l.packed ? CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED : CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED;
  // y beyond a row's length is all zero bits, in each of the types.
  float padding = 0.0f;
  for (const auto& [steps, width] :
       {std::pair{&x_steps_, l.input}, std::pair{&y_steps_, l.directions * l.hidden}}) {
    check_cudnn(
        cudnnSetRNNDataDescriptor(steps->get(), cudnn_type(element_), layout, as_int(l.time),
                                  as_int(l.batch), as_int(width), lengths.data(), &padding),
        "cudnnSetRNNDataDescriptor");
  }
  const int states[] = {as_int(l.directions), as_int(l.batch), as_int(l.hidden)};
  states_ = CudnnTensor(element_, states);
}

std::vector<CudnnRnn::Part> CudnnRnn::parts() const {
  std::vector<Part> all;
  const CudnnTensor matrix;
  const CudnnTensor vector;
  const auto* begin = static_cast<const std::byte*>(weights_.data());
  for (std::int64_t direction = 0; direction < layout_.directions; ++direction) {
    for (std::int64_t id = 0; id < 2 * gates; ++id) {
      void* matrix_at = nullptr;
      void* vector_at = nullptr;
      check_cudnn(cudnnGetRNNWeightParams(cudnn_on(stream()), rnn_.get(), as_int(direction),
                                          weights_.bytes(), weights_.data(), as_int(id),
                                          matrix.get(), &matrix_at, vector.get(), &vector_at),
                  "cudnnGetRNNWeightParams");
      const auto offset = [&](const void* at) {
        return static_cast<std::size_t>(static_cast<const std::byte*>(at) - begin);
      };
      const bool of_input = id < gates;
      check(matrix_at != nullptr, "cudnnGetRNNWeightParams gave no matrix ", id);
      all.push_back({of_input ? "weight_input" : "weight_hidden", direction, id % gates,
                     offset(matrix_at), layout_.hidden, of_input ? layout_.input : layout_.hidden});
      if (vector_at != nullptr) {
        check(of_input, "cudnnGetRNNWeightParams gave a second bias, of matrix ", id);
        all.push_back(
            {"bias", direction, id % gates, offset(vector_at), layout_.hidden, std::int64_t{1}});
      }
    }
  }
  return all;
}

void CudnnRnn::place_weights(const CudnnRnnInputs& inputs) {
  std::size_t bytes = 0;
  check_cudnn(cudnnGetRNNWeightSpaceSize(cudnn_on(stream()), rnn_.get(), &bytes),
              "cudnnGetRNNWeightSpaceSize");
  weights_ = DeviceMemory(bytes);
  check_cuda(cudaMemset(weights_.data(), 0, bytes), "cudaMemset", 0);
  const std::map<std::string, Operand> ours = {
      {"weight_input", Operand(inputs.weight_input, element_)},
      {"weight_hidden", Operand(inputs.weight_hidden, element_)},
      {"bias", Operand(inputs.bias, element_)}};
  for (const Part& part : parts()) {
    const std::size_t size = static_cast<std::size_t>(part.rows * part.cols) * size_of(element_);
    const std::size_t place = static_cast<std::size_t>(part.direction * gates + part.gate);
    check_cuda(
        cudaMemcpyAsync(static_cast<std::byte*>(weights_.data()) + part.offset,
                        static_cast<const std::byte*>(ours.at(part.name).data()) + place * size,
                        size, cudaMemcpyDeviceToDevice, stream()),
        "cudaMemcpyAsync", 0);
  }
  check_cuda(cudaStreamSynchronize(stream()), "cudaStreamSynchronize", 0);
}

void CudnnRnn::forward() {
  check_cudnn(cudnnRNNForward(
                  cudnn_on(stream()), rnn_.get(),
                  options_.training ? CUDNN_FWD_MODE_TRAINING : CUDNN_FWD_MODE_INFERENCE, nullptr,
                  x_steps_.get(), x_.data(), y_steps_.get(), y_, states_.get(), nullptr, h_n_,
                  states_.get(), nullptr, c_n_, weights_.bytes(), weights_.data(),
                  workspace_.bytes(), workspace_.data(), reserve_.bytes(), reserve_.data()),
              "cudnnRNNForward");
}

void CudnnRnn::backward() {
  check(dx_ != nullptr,
        "cudnn_rnn: backward without dy, or without training; give the constructor "
        "both");
  const cudnnHandle_t handle = cudnn_on(stream());
  check_cudnn(cudnnRNNBackwardData_v8(handle, rnn_.get(), nullptr, y_steps_.get(), y_, dy_.data(),
                                      x_steps_.get(), dx_, states_.get(), nullptr, nullptr, nullptr,
                                      states_.get(), nullptr, nullptr, nullptr, weights_.bytes(),
                                      weights_.data(), workspace_.bytes(), workspace_.data(),
                                      reserve_.bytes(), reserve_.data()),
              "cudnnRNNBackwardData_v8");
  // cuDNN only adds to weight gradients.
  check_cuda(cudaMemsetAsync(dweights_.data(), 0, dweights_.bytes(), stream()), "cudaMemsetAsync",
             0);
  check_cudnn(cudnnRNNBackwardWeights_v8(
                  handle, rnn_.get(), CUDNN_WGRAD_MODE_ADD, nullptr, x_steps_.get(), x_.data(),
                  states_.get(), nullptr, y_steps_.get(), y_, dweights_.bytes(), dweights_.data(),
                  workspace_.bytes(), workspace_.data(), reserve_.bytes(), reserve_.data()),
              "cudnnRNNBackwardWeights_v8");
}

Tensor CudnnRnn::weight_gradient(const std::string& name, const Shape& shape) const {
  Tensor gradient = Tensor::zeros(shape);
  float* target = gradient.mutable_data<float>();
  for (const Part& part : parts()) {
    if (part.name != name) {
      continue;
    }
    const std::vector<float> values =
        download(static_cast<const std::byte*>(dweights_.data()) + part.offset,
                 part.rows * part.cols, element_);
    std::copy(values.begin(), values.end(),
              target + (part.direction * gates + part.gate) * part.rows * part.cols);
  }
  return gradient;
}

std::map<std::string, Tensor> CudnnRnn::results() const {
  const RnnLayout& l = layout_;
  std::map<std::string, Tensor> all;
  all["y"] = l.steps_from_cudnn(value("y"));
  all["h_n"] = l.states_from_cudnn(value("h_n"));
  all["c_n"] = l.states_from_cudnn(value("c_n"));
  if (dx_ != nullptr) {
    all["dx"] = l.steps_from_cudnn(value("dx"));
    all["dweight_input"] =
        weight_gradient("weight_input", {l.directions, gates * l.hidden, l.input});
    all["dweight_hidden"] =
        weight_gradient("weight_hidden", {l.directions, gates * l.hidden, l.hidden});
    all["dbias"] = weight_gradient("bias", {l.directions, gates * l.hidden});
  }
  return all;
}

}  // namespace heddle::bench
