#pragma once

#include <optional>
#include <vector>

#include "layers/dropout.h"
#include "layers/linear.h"
#include "layers/linear_tanh.h"
#include "layers/lstm.h"
#include "models/sequence_decoder.h"

namespace heddle {

/// Where queries look among the states of a memory m_k, and what they get:
///   dot       score = q · W m_k / √width                  (Luong et al., arXiv 1508.04025, §3.1)
///   additive  score = v · tanh(W_q q + W_m m_k)           (Bahdanau et al., arXiv 1409.0473)
///   context = Σ_k softmax_k(score) m_k
struct MemoryAttention {
  MemoryAttention(std::int64_t width, MemoryAttentionKind kind, const Generator& generator,
                  DType dtype);

  /// queries [steps, batch, width] → [steps, batch, width].
  Variable operator()(const Variable& queries, const SequenceMemory& memory) const;
  void visit(Visitor& visitor);

  Linear memory;                // W or W_m
  std::optional<Linear> query;  // additive: W_q
  std::optional<Linear> score;  // additive: v
};

/// An LSTM over the target tokens whose states look at the memory:
///   h_0 = tanh(W_0 mean_k m_k),  h_t = LSTM(x_t, h_{t−1}),  y_t = tanh(W [context(h_t) ; h_t])
/// (Luong et al., global attention without input feeding, so that all steps are one sweep).
class LstmDecoder : public SequenceDecoder {
 public:
  LstmDecoder(std::int64_t width, const SequenceToSequenceConfig& config,
              const Generator& generator, DType dtype);

  Variable operator()(const Variable& x, const SequenceMemory& memory) override;
  std::unique_ptr<Steps> begin(const SequenceMemory& memory, std::int64_t rows) override;
  void visit(Visitor& visitor) override;

 private:
  class CachedSteps;

  /// One layer from states h, c [1, batch, width].
  LstmResult sweep(std::size_t layer, const Variable& x, const Variable& h,
                   const Variable& c) const;
  /// h_0 [1, batch, width] of a layer.
  Variable first_state(std::size_t layer, const SequenceMemory& memory) const;
  Variable look(const Variable& states, const SequenceMemory& memory) const;

  Lstm lstm_;
  std::vector<LinearTanh> first_;
  MemoryAttention attention_;
  LinearTanh join_;
  Dropout dropout_;
};

}  // namespace heddle
