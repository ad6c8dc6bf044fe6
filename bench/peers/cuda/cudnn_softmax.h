#pragma once

#include <cudnn.h>

#include "bench/peers/cuda/cudnn_calls.h"
#include "bench/peers/cuda/peer.h"

namespace heddle::bench {

/// SoftmaxKernels (kernels/softmax.h) without lengths, by cudnnSoftmaxForward and Backward. Inputs
/// x and dy [rows, cols] (dy may be undefined: no backward); results y, dx.
///
/// Two ways to describe rows to cuDNN, which do not run alike: `instance` sums over all of C, H, W
/// of one n; `channel` over C of one n, h, w, where H = W = 1 makes it the same.
class CudnnSoftmax : public CudaPeer {
 public:
  CudnnSoftmax(const Tensor& x, const Tensor& dy, bool logarithmic, cudnnSoftmaxMode_t mode,
               PeerMath math, cudaStream_t stream);
  void forward() override;
  void backward() override;

 private:
  Operand x_, dy_;
  cudnnSoftmaxAlgorithm_t algorithm_;
  cudnnSoftmaxMode_t mode_;
  CudnnTensor rows_;
  void* y_ = nullptr;
  void* dx_ = nullptr;
};

}  // namespace heddle::bench
