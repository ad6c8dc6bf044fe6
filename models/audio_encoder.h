#pragma once

#include <cstdint>
#include <vector>

#include "layers/conv1d.h"
#include "layers/dropout.h"
#include "layers/lstm.h"
#include "models/config.h"
#include "models/encoded_steps.h"

namespace heddle {

/// Frames (of a log-mel spectrogram, or any sequence of vectors) → BiLSTM states.
struct LstmAudioEncoder {
  /// `features` per frame, `hidden` per direction.
  LstmAudioEncoder(std::int64_t features, std::int64_t hidden, const SequenceEncoderConfig& config,
                   const Generator& generator, DType dtype);

  /// frames [T, B, features], lengths i64 [B] or undefined → states [T, B, 2·hidden].
  EncodedSteps operator()(const Tensor& frames, const Tensor& lengths);
  void visit(Visitor& visitor);
  std::int64_t width() const { return 2 * hidden; }

  std::int64_t hidden;
  Dropout dropout;
  Lstm lstm;
};

/// Frames → stages of relu(convolution over time), each with stride 2, so that T becomes ⌈T/2⌉.
/// Frames beyond a length are zeros at every stage: a sample's result does not depend on its
/// padding.
struct ConvAudioEncoder {
  ConvAudioEncoder(std::int64_t features, const SequenceEncoderConfig& config,
                   const Generator& generator, DType dtype);

  /// frames [T, B, features], 0 beyond lengths (i64 [B] or undefined) → states [T′, B, width].
  EncodedSteps operator()(const Tensor& frames, const Tensor& lengths) const;
  void visit(Visitor& visitor);
  std::int64_t width() const { return stages.back().weight.size(0); }

  std::vector<Conv1d> stages;
};

/// Frames → the convolutions of ConvAudioEncoder → a BiLSTM over the steps they leave, of which
/// there are fewer by 2 per stage.
struct ConvLstmEncoder {
  /// `hidden` per direction.
  ConvLstmEncoder(std::int64_t features, std::int64_t hidden, const SequenceEncoderConfig& config,
                  const Generator& generator, DType dtype);

  /// frames [T, B, features], 0 beyond lengths (i64 [B] or undefined) → states [T′, B, 2·hidden].
  EncodedSteps operator()(const Tensor& frames, const Tensor& lengths);
  void visit(Visitor& visitor);
  std::int64_t width() const { return 2 * hidden; }

  std::int64_t hidden;
  ConvAudioEncoder convolutions;
  Dropout dropout;
  Lstm lstm;
};

}  // namespace heddle
