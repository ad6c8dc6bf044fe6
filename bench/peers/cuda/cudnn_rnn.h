#pragma once

#include <cudnn.h>

#include <string_view>
#include <vector>

#include "bench/peers/cuda/cudnn_calls.h"
#include "bench/peers/cuda/cudnn_rnn_layout.h"
#include "bench/peers/cuda/peer.h"

namespace heddle::bench {

/// "standard", "persist_static", "persist_dynamic", "small_h"
std::string_view name_of(cudnnRNNAlgo_t algorithm);

/// What one bidirectional or unidirectional LSTM layer reads (kernels/lstm.h), f32 on any device.
struct CudnnRnnInputs {
  Tensor x;              // [T, B, I]
  Tensor weight_input;   // [D, 4H, I], gates i, f, g, o: cuDNN's order too
  Tensor weight_hidden;  // [D, 4H, H]
  Tensor bias;           // [D, 4H]; cuDNN is told of one bias, so that both do the same sums
  Tensor dy;             // [T, B, D·H], or undefined: no backward
  std::vector<std::int64_t> lengths;  // [B], each 1 … T; empty: all T
};

struct CudnnRnnOptions {
  cudnnRNNAlgo_t algorithm = CUDNN_RNN_ALGO_STANDARD;
  PeerMath math = PeerMath::tf32;
  /// false: padded rows, finished ones skipped by their length. true: rows sorted by length, step
  /// by step without gaps, which is done before and not timed.
  bool packed = false;
  /// false: forward alone, by cuDNN's cheaper way that saves nothing.
  bool training = true;
};

/// LstmKernels by cudnnRNNForward, cudnnRNNBackwardData_v8 and cudnnRNNBackwardWeights_v8. Results
/// y, h_n, c_n, dx, dweight_input, dweight_hidden, dbias, in our layout. Weights are put into
/// cuDNN's space once, before; their gradients stay in it until `results`.
class CudnnRnn : public CudaPeer {
 public:
  CudnnRnn(const CudnnRnnInputs& inputs, const CudnnRnnOptions& options, cudaStream_t stream);
  void forward() override;
  void backward() override;
  std::map<std::string, Tensor> results() const override;

 private:
  struct Part {  // of the weights, one gate of one direction
    std::string name;
    std::int64_t direction, gate;
    std::size_t offset;  // in cuDNN's space, bytes
    std::int64_t rows, cols;
  };
  void describe();
  void place_weights(const CudnnRnnInputs& inputs);
  std::vector<Part> parts() const;
  Tensor weight_gradient(const std::string& name, const Shape& shape) const;

  RnnLayout layout_;
  CudnnRnnOptions options_;
  Element element_;
  CudnnObject<&cudnnCreateDropoutDescriptor, &cudnnDestroyDropoutDescriptor,
              cudnnDropoutDescriptor_t>
      dropout_;
  CudnnObject<&cudnnCreateRNNDescriptor, &cudnnDestroyRNNDescriptor, cudnnRNNDescriptor_t> rnn_;
  CudnnObject<&cudnnCreateRNNDataDescriptor, &cudnnDestroyRNNDataDescriptor,
              cudnnRNNDataDescriptor_t>
      x_steps_, y_steps_;
  CudnnTensor states_;
  Operand x_, dy_;
  DeviceMemory weights_, dweights_, workspace_, reserve_;
  void* y_ = nullptr;
  void* h_n_ = nullptr;
  void* c_n_ = nullptr;
  void* dx_ = nullptr;
};

}  // namespace heddle::bench
