#pragma once

#include <optional>
#include <vector>

#include "bench/peers/cuda/cudnn_plan.h"
#include "bench/peers/cuda/peer.h"

namespace heddle::bench {

struct CudnnAttentionInputs {
  Tensor q;                               // [batch, heads, queries, width]
  Tensor k, v;                            // [batch, heads, keys, width]
  Tensor dout;                            // as q, or undefined: no backward
  std::vector<std::int64_t> key_lengths;  // [batch], 1 … keys; empty: all
  double scale = 1.0;
  bool causal = false;  // queries = keys
};

/// AttentionKernels (kernels/attention.h) by cuDNN's graph interface: the chain of products and
/// pointwise operations that its fused attention engines know, as NVIDIA/cudnn-frontend puts it
/// together (node/scaled_dot_product_flash_attention.h). Results out, logsumexp, dq, dk, dv.
/// bf16 and f16 alone: cuDNN has no attention for f32.
class CudnnAttention : public CudaPeer {
 public:
  CudnnAttention(const CudnnAttentionInputs& inputs, PeerMath math, cudaStream_t stream);
  void forward() override;
  void backward() override;

 private:
  using Id = CudnnGraph::Id;
  /// What forward and backward graphs begin with.
  struct Start {
    Id q, keys_transposed;
    std::optional<Id> query_lengths, key_lengths;
    Id scale;
  };
  Start start(CudnnGraph& graph) const;
  /// scale · q kᵀ with the padding's scores at −∞.
  Id scores(CudnnGraph& graph, const Start& start) const;
  Id mask_padding(CudnnGraph& graph, const Start& start, Id scores) const;
  Id mask_future(CudnnGraph& graph, Id scores) const;
  CudnnGraph forward_graph() const;
  CudnnGraph backward_graph() const;

  GraphShape query_shape() const { return row_major({batch_, heads_, queries_, width_}); }
  GraphShape key_shape() const { return row_major({batch_, heads_, keys_, width_}); }
  GraphShape score_shape() const { return row_major({batch_, heads_, queries_, keys_}); }
  GraphShape row_shape() const { return row_major({batch_, heads_, queries_, 1}); }

  std::int64_t batch_, heads_, queries_, keys_, width_;
  float scale_;
  bool causal_;
  cudnnDataType_t type_;
  Operand q_, k_, v_, dout_;
  DeviceMemory query_lengths_, key_lengths_;  // i32 [batch], where rows are padded
  DeviceMemory dq_sums_, row_sums_;           // f32, of backward
  void* out_ = nullptr;
  void* logsumexp_ = nullptr;
  void* dq_ = nullptr;
  void* dk_ = nullptr;
  void* dv_ = nullptr;
  std::optional<CudnnPlan> forward_, backward_;
};

}  // namespace heddle::bench
