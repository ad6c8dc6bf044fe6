#pragma once

#include <optional>

#include "bench/peers/cuda/cublaslt_product.h"
#include "bench/peers/cuda/peer.h"

namespace heddle::bench {

/// LinearTanhKernels (kernels/linear_tanh.h) in pieces: cuBLASLt's product with the bias in its
/// epilogue, then our tanh kernel over the result (cuBLASLt has no tanh); backward our kernel for
/// dz = dy (1 − y²), then dweight = dzᵀ·x with dbias in the epilogue (BGRADB), and dx = dz·weight.
/// Not f16, which our kernels do not take. Results y, dx, dweight, dbias, dz.
class CublasLtLinearTanh : public CudaPeer {
 public:
  /// dy may be undefined: no backward.
  CublasLtLinearTanh(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& dy,
                     PeerMath math, cudaStream_t stream);
  void forward() override;
  void backward() override;

 private:
  Operand x_, weight_, bias_, dy_;
  View y_, dz_;
  ConstView dy_view_;
  std::optional<CublasLtProduct> forward_, to_weight_, to_input_;
};

}  // namespace heddle::bench
