#pragma once

#include <optional>

#include "bench/peers/cuda/cudnn_plan.h"
#include "bench/peers/cuda/peer.h"

namespace heddle::bench {

/// LinearTanhKernels (kernels/linear_tanh.h) by cuDNN's graph interface: forward x·weightᵀ + bias,
/// tanh as one graph; backward dz = dy − dy·y² and Σ dz as one, then dz·weight and dzᵀ·x. Not exact
/// f32: its engines for this compute on tensor cores. Inputs x [rows, in], weight [out, in], bias
/// [out], dy [rows, out] (may be undefined: no backward); results y, dx, dweight, dbias, dz.
class CudnnLinearTanh : public CudaPeer {
 public:
  CudnnLinearTanh(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& dy,
                  PeerMath math, cudaStream_t stream);
  void forward() override;
  void backward() override;

 private:
  CudnnPlan forward_plan();
  void plan_backward();
  CudnnGraph dz_graph() const;

  std::int64_t rows_, in_, out_;
  PeerMath math_;
  CudnnPlan::Options options_;
  Operand x_, weight_, bias_, dy_;
  void* y_ = nullptr;
  void* dx_ = nullptr;
  void* dweight_ = nullptr;
  void* dbias_ = nullptr;
  void* dz_ = nullptr;
  std::optional<CudnnPlan> forward_;
  std::vector<CudnnPlan> backward_;
};

}  // namespace heddle::bench
