#pragma once

#include <cstdint>
#include <variant>

#include "models/audio_encoder.h"
#include "models/config.h"
#include "models/modality_input.h"
#include "models/picture_regions.h"
#include "models/region_encoder.h"
#include "models/sequence_transformer.h"
#include "models/text_cnn.h"
#include "models/text_encoder.h"

namespace heddle {

/// Whether an input can be read as steps: words, frames, or the regions of a picture (all image
/// encoders but "linear").
bool has_steps(const InputSpec& spec, const ModelConfig& config);
/// Whether its encoder sums the steps up by itself: EncodedSteps::final is defined.
bool has_final(const InputSpec& spec, const ModelConfig& config);

/// Any input that has steps → its states [steps, B, width]: words, frames, or the regions of a
/// picture. What attention and co-attention between modalities are built on.
struct StepEncoder {
  using Any =
      std::variant<TextEncoder, TextCnn, TextTransformer, LstmAudioEncoder, ConvAudioEncoder,
                   ConvLstmEncoder, SequenceTransformer, RegionEncoder, PictureRegions>;

  /// Errors: an input without steps.
  StepEncoder(const InputSpec& spec, const ModelConfig& config, const Generator& generator);

  EncodedSteps operator()(const CleanInput& input);
  void visit(Visitor& visitor);
  std::int64_t width() const;

  Any encoder;
};

}  // namespace heddle
