#pragma once

#include <cstdint>
#include <vector>

#include "layers/conv1d.h"
#include "layers/dropout.h"
#include "layers/embedding.h"
#include "models/config.h"
#include "models/encoded_steps.h"

namespace heddle {

/// TextCNN (Kim, EMNLP 2014, arXiv 1408.5882): filters that each span h neighbouring words,
///   e_t = Embedding(token_t),  c_{h,t} = relu(W_h [e_{t−⌊(h−1)/2⌋} ; … ; e_{t+⌊h/2⌋}] + b_h)
///   final = [max_t c_{h,t}] for each width h
/// Words before the first and after a sample's last are zeros, so that there is one window per word
/// and sentences shorter than a filter have windows too; the maximum goes over the sample's own
/// words. States are c_t = [c_{h,t}], what attention over words reads.
struct TextCnn {
  TextCnn(std::int64_t vocabulary, const TokenEncoderConfig& config, const Generator& generator,
          DType dtype);

  /// tokens i64 [T, B], lengths i64 [B] or undefined → states [T, B, widths · filters].
  EncodedSteps operator()(const Tensor& tokens, const Tensor& lengths);
  void visit(Visitor& visitor);
  std::int64_t width() const;

  Embedding embedding;
  std::vector<Conv1d> filters;  // one for each width
  Dropout dropout;
};

}  // namespace heddle
