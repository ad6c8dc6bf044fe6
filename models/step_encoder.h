#pragma once

#include <cstdint>
#include <variant>

#include "models/audio_encoder.h"
#include "models/config.h"
#include "models/modality_input.h"
#include "models/text_encoder.h"

namespace heddle {

/// The encoder of an input that has steps: tokens or sequence.
struct StepEncoder {
  /// Errors: another kind of input.
  StepEncoder(const InputSpec& spec, const ModelConfig& config, const Generator& generator);

  EncodedSteps operator()(const CleanInput& input);
  void visit(Visitor& visitor);
  std::int64_t width() const;

  std::variant<TextEncoder, LstmAudioEncoder, ConvAudioEncoder> encoder;
};

}  // namespace heddle
