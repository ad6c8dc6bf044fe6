#pragma once

#include <cublasLt.h>

#include <memory>
#include <string>

#include "bench/peers/cuda/peer.h"

namespace heddle::bench {

/// Throws Unavailable unless `status` is CUBLAS_STATUS_SUCCESS.
void check_cublaslt(cublasStatus_t status, const char* call);

/// A row-major matrix as cuBLASLt reads it, perhaps transposed: rows and cols are those in memory.
struct LtMatrix {
  void* data = nullptr;
  std::int64_t rows = 0, cols = 0;
  bool transposed = false;
};

/// out = left · right by cublasLtMatmul, all row-major, with a bias added to each row of out, or
/// the sum over left's inner rows (its columns' sums where it is transposed) written beside. Of the
/// algorithms that the heuristics name, up to 16 are timed and the fastest is kept; a workspace of
/// 32 MiB, as NVIDIA recommends for Hopper.
class CublasLtProduct {
 public:
  enum class Extra : std::uint8_t {
    none,
    bias,       // out[r, c] += extra[c]
    left_sums,  // extra[r] = Σ_k left[r, k]
  };
  CublasLtProduct(const LtMatrix& left, const LtMatrix& right, const LtMatrix& out, PeerMath math,
                  Extra extra, void* extra_data, cudaStream_t stream);

  void run() const;
  const std::string& note() const { return note_; }

 private:
  void describe(const LtMatrix& left, const LtMatrix& right, PeerMath math, Extra extra,
                void* extra_data);
  void choose();
  cublasStatus_t call(const cublasLtMatmulAlgo_t& algorithm) const;

  LtMatrix first_, second_, out_;  // in cuBLASLt's order
  cudaStream_t stream_;
  std::shared_ptr<cublasLtMatmulDescOpaque_t> product_;
  std::shared_ptr<cublasLtMatrixLayoutOpaque_t> first_layout_, second_layout_, out_layout_;
  DeviceMemory workspace_;
  cublasLtMatmulAlgo_t algorithm_{};
  std::string note_;
};

}  // namespace heddle::bench
