#pragma once

#include <cstdint>
#include <optional>

#include "core/random.h"
#include "layers/attention_pool.h"
#include "layers/embedding.h"
#include "layers/linear.h"
#include "layers/linear_tanh.h"
#include "layers/lstm.h"

namespace heddle::bench {

/// What the example's attention goes over.
enum class ExampleReading : std::uint8_t { modalities, time };

/// The model of the example training step, 3,785,026 parameters:
///   s = BiLSTM(Embedding(ids))    10,000 words of width 300, 128 units in each direction
///   v = W_v image + b_v           2048 → 128
///   f = tanh(W_f [s ; v] + b_f)   384 → 128, s the last states of both directions
///   tokens = [W_t s + b_t ; v]    256 → 128; attention of f over the two, a = softmax(tokens f /
///   √128) logits = W_o (f + Σ a · tokens) + b_o
/// or, over time (docs/models.md), 3,752,258 parameters:
///   u_t = tanh(W_f [s_t ; v] + b_f)   s_t the states of both directions at word t
///   a = softmax_t(w · u_t), logits = W_o Σ a_t u_t + b_o
struct ExampleModel {
  explicit ExampleModel(const Generator& generator,
                        ExampleReading reading = ExampleReading::modalities);

  /// ids i64 [time, batch], image [batch, 2048], lengths i64 [batch] or undefined → logits [batch,
  /// 2].
  Variable operator()(const Tensor& ids, const Tensor& image, const Tensor& lengths);
  void visit(Visitor& visitor);

  static constexpr std::int64_t words = 10'000;
  static constexpr std::int64_t image_width = 2048;

  Embedding embedding;
  Lstm lstm;
  Linear image_projection;
  LinearTanh fusion;
  std::optional<Linear> text_projection;   // over modalities
  std::optional<AttentionPool> attention;  // over time
  Linear output;
};

/// One batch of 64 sentences of 50 words with an image each, drawn from a seed.
struct ExampleBatch {
  Tensor ids, image, targets, lengths;
};
/// `ragged`: lengths uniform in 5 … 50, else undefined.
ExampleBatch example_batch(bool ragged);

}  // namespace heddle::bench
