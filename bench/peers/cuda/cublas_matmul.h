#pragma once

#include <optional>

#include "bench/peers/cuda/cublaslt_product.h"
#include "bench/peers/cuda/peer.h"

namespace heddle::bench {

/// MatmulKernels (kernels/matmul.h), one product of two matrices: a [m, k] · b [k, n], each
/// row-major or a transposed view of a row-major matrix. Result out [m, n], in the type of the
/// data. Has no backward.
class CublasMatmul : public CudaPeer {
 public:
  enum class Way : std::uint8_t {
    heuristics,  // cublasGemmEx, which picks its kernel itself
    best,        // cublasLtMatmul with the fastest of the heuristics' algorithms
  };
  CublasMatmul(const Tensor& a, const Tensor& b, Way way, PeerMath math, cudaStream_t stream);
  void forward() override;
  void backward() override;

 private:
  void gemm() const;

  PeerMath math_;
  Operand a_, b_;
  LtMatrix left_, right_, out_;
  DeviceMemory workspace_;  // cublasGemmEx's
  std::optional<CublasLtProduct> best_;
};

}  // namespace heddle::bench
